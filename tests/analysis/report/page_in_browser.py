"""A report in a real browser, used as a reader would use it."""

import json
from pathlib import Path
from typing import Any


class Page:
    """A report in the browser, ready to be used."""

    def __init__(self, browser: Any, path: Path) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        self.browser, self.path = browser, path
        ready = "return document.documentElement.dataset.ready === 'all' || !document.getElementById('failure').hidden"
        WebDriverWait(browser, 60).until(lambda one: one.execute_script(ready))

    def text(self, selector: str) -> str:
        """The text of the first element of this CSS selector."""
        return str(self.browser.execute_script("return document.querySelector(arguments[0]).innerText", selector))

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements of this CSS selector."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"
        return list(self.browser.execute_script(script, selector))

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def set(self, id: str, value: object) -> None:
        """Set a slider or a select as a reader would."""
        script = (
            "const one = document.getElementById(arguments[0]); one.value = arguments[1];"
            "for (const kind of ['input', 'change']) one.dispatchEvent(new Event(kind, {bubbles: true}));"
        )
        self.run(script, id, str(value))
        self.settle()

    def surface(self, number: int) -> None:
        """Choose a surface by its picture."""
        self.run("document.querySelectorAll('#picker button')[arguments[0]].click()", number)
        self.settle()

    def settle(self) -> None:
        """Wait until what was asked for is drawn: nothing is busy in two frames that follow each other."""
        self.browser.execute_async_script(
            "const done = arguments[0]; let calm = 0;"
            "const look = () => { calm = document.querySelector('[aria-busy]') ? 0 : calm + 1;"
            "if (calm > 2) done(); else requestAnimationFrame(look); }; look();"
        )

    def point(self, column: float, row: float, columns: int, rows: int) -> None:
        """Move the pointer to the middle of a cell of the plane, rows counted from below."""
        from selenium.webdriver import ActionChains

        script = (
            "const marks = [...document.querySelectorAll('#heatmap .mark-rect.role-mark')];"
            "const box = marks.find((one) => one.children.length > 1 || one.children.length === arguments[0])"
            ".getBoundingClientRect(); return [box.left, box.top, box.width, box.height]"
        )
        self.run("document.getElementById('heatmap').scrollIntoView({block: 'center', behavior: 'instant'})")
        left, top, width, height = self.run(script, columns * rows)
        x, y = left + width * (column + 0.5) / columns, top + height * (1 - (row + 0.5) / rows)
        chain = ActionChains(self.browser, duration=0)
        chain.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        chain.perform()
        self.settle()

    def key(self, key: str) -> None:
        """Press a key upon the surface."""
        self.browser.find_element("id", "heatmap").send_keys(key)
        self.settle()

    def complaints(self) -> list[str]:
        """What the page's console said since it was opened."""
        return [entry["message"] for entry in self.browser.get_log("browser")]

    def requests(self) -> list[str]:
        """Every address that was asked for since the page was opened, but its own file."""
        events = (json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance"))
        asked = [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if url not in (self.path.resolve().as_uri(), "data:,", "about:blank")]
