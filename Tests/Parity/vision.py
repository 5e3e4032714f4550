"""Makes checkpoint cases of real sizes for the picture families, freshly randomised:

    python vision.py FOLDER [efficientnet-lite0 weights, .pth]
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "EncodeTests" / "Goldens"))
import efficientnet  # noqa: E402
import torch  # noqa: E402
import vision  # noqa: E402
from checkpoints import picture  # noqa: E402

BASE = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)
CLIP_TEXT = dict(hidden_size=512, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=8)


def main(folder, weights=None):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [picture(640, 360, 1), picture(1080, 1920, 2), picture(200, 150, 3)]
    crop = dict(size={"shortest_edge": 224}, crop_size={"height": 224, "width": 224})
    openai = dict(vision=BASE, text=CLIP_TEXT, image=224, dimensions=512, limit=77)
    vision.clip(folder / "clip-b32", vision.CLIPImageProcessor(**crop), pictures, **openai, patch=32, end=2)
    vision.clip(
        folder / "openclip-b16", vision.CLIPImageProcessorPil(**crop), pictures, **openai, patch=16, hidden_act="gelu")
    siglip = dict(vision=BASE, text=BASE, image=224, patch=16, limit=64)
    exact = dict(size={"height": 224, "width": 224})
    vision.siglip(folder / "siglip-b16", vision.SiglipImageProcessor(**exact), pictures, second=False, **siglip)
    vision.siglip(
        folder / "siglip2-b16", vision.SiglipImageProcessor(**exact, resample=2), pictures, second=True, **siglip)
    vision.naflex(
        folder / "siglip2-b16-naflex", pictures, vision=BASE, text=BASE, patch=16, side=16, most=256, limit=64)
    tensors = torch.load(weights, map_location="cpu", weights_only=True) if weights else None
    efficientnet.case(folder / "efficientnet-lite0", pictures, efficientnet.LITE0, tensors)


if __name__ == "__main__":
    main(*sys.argv[1:])
