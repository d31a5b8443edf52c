"""Networks of finite width, each an ordinary `torch.nn.Module`."""
