"""Update rules: pure functions on tensors whose first dimension is the cell, and their registry."""

from trainers.rules.adaptive import AdaptiveRule
from trainers.rules.base import Hyper, Rule, Step
from trainers.rules.cells import per_cell, select_cells
from trainers.rules.delayed import delayed
from trainers.rules.own import update_rule
from trainers.rules.registry import RULES, STUDY, get_rule, is_class, names_code, ships
from trainers.rules.shipped import register

__all__ = [
    "RULES",
    "STUDY",
    "AdaptiveRule",
    "Hyper",
    "Rule",
    "Step",
    "delayed",
    "get_rule",
    "is_class",
    "names_code",
    "per_cell",
    "register",
    "select_cells",
    "ships",
    "update_rule",
]
