"""Initialisation of networks."""

from torch import nn


def kaiming(network: nn.Module) -> nn.Module:
    """Draw all weights of convolutions and linear layers from N(0, 2/fan-in), and set biases to zero.

    He et al. 2015 (arXiv:1502.01852), equation 10. Batch norm keeps torch's ones and zeros. Returns the network.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network
