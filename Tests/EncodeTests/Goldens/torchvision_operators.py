"""PyPI's torchvision looks for two operators that a CPU build of torch lacks: import this before it."""
import torch

library = torch.library.Library("torchvision", "DEF")  # they last as long as this does
for operator in ("nms", "qnms"):
    library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
