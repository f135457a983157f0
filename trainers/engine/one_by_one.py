"""The backend of large networks: one cell after another, since one network alone keeps a device busy."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from trainers.engine.stack import Buffers, TensorLayout


class OneByOne:
    """Any module, a plain forward pass for each cell; images in channels_last on a GPU."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.layout = TensorLayout(network)

    def __call__(self, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        """See `trainers.engine.stack.Stacked`."""
        self.network.train(training)
        outputs = []
        for cell, row in enumerate(params):
            tensors = {name: tensor[0] for name, tensor in self.layout.views(row.unsqueeze(0)).items()}
            own = {name: b[cell] for name, b in buffers.items()}
            x = inputs[0 if len(inputs) == 1 else cell]
            if x.device.type == "cuda" and x.dim() == 4:
                x = x.contiguous(memory_format=torch.channels_last)
            outputs.append(functional_call(self.network, (tensors, own), (x,)))
        return torch.stack(outputs)

    def together(self, inputs: Tensor) -> int:
        """One cell's backward pass at a time, so that one cell's activations are held."""
        return 1
