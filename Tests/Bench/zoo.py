"""The checkpoints that models.py and pipeline.py measure: real sizes, weights drawn at random; and their ONNX exports.

Made once, by the scripts that make the goldens. Needs torch, transformers and onnx.
"""

import os
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(os.environ.get("TANDEM_FIXTURES", ROOT / "media/fixtures")) / "bench"
MODELS = FIXTURES / "models"
CLIP, CLAP = MODELS / "clip-b32", MODELS / "clap"
SIDE, BINS, FRAMES = 224, 64, 1001

sys.path.insert(0, str(ROOT / "Tests/EncodeTests/Goldens"))
warnings.filterwarnings("ignore")


def make():
    """CLIP ViT-B/32 and CLAP HTSAT-tiny, of the sizes of openai/clip-vit-base-patch32 and laion/clap-htsat-unfused,
    each with a graph for ONNX Runtime and OpenVINO beside it."""
    made(CLIP, _make_clip)
    made(CLAP, _make_clap)
    for folder, batch in ((CLIP, 1), (CLIP, 8), (CLAP, 1)):
        if not graph(folder, batch).exists():
            _export(folder, batch)


def made(folder: Path, make):
    if not (folder / "cases.json").exists():
        print(f"making {folder.name} …", file=sys.stderr, flush=True)
        make(folder)


def graph(folder: Path, batch: int) -> Path:
    """Of a fixed batch: what a runtime knows, it can plan."""
    return folder / "onnx" / f"batch{batch}.onnx"


def tower(folder: Path):
    """The picture tower of CLIP, or the sound tower of CLAP, with its projection: one tensor in, one out."""
    import torch
    import torchvision_operators  # noqa: F401
    import transformers

    class Picture(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = transformers.CLIPModel.from_pretrained(folder)

        def forward(self, pixel_values):
            return self.model.visual_projection(self.model.vision_model(pixel_values).pooler_output)

    class Sound(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = transformers.ClapModel.from_pretrained(folder)

        def forward(self, input_features):
            return self.model.audio_projection(self.model.audio_model(input_features).pooler_output)

    transformers.logging.set_verbosity_error()
    return (Picture() if folder == CLIP else Sound()).eval()


def _make_clip(folder: Path):
    import vision
    from checkpoints import picture

    size = {"height": SIDE, "width": SIDE}
    processor = vision.CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=size)
    heads = dict(num_hidden_layers=12)
    vision.clip(
        folder, processor, [picture(640, 360, 1)], image=SIDE, patch=32, dimensions=512, limit=77, end=2,
        vision=dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12, **heads),
        text=dict(hidden_size=512, intermediate_size=2048, num_attention_heads=8, **heads))


def _make_clap(folder: Path):
    import sound_and_text

    sound_and_text.clap(
        folder, extractor=dict(truncation="rand_trunc", frequency_min=50), text=dict(max_position_embeddings=514))


def _export(folder: Path, batch: int):
    import torch

    print(f"exporting {folder.name}, batch {batch} …", file=sys.stderr, flush=True)
    path = graph(folder, batch)
    path.parent.mkdir(exist_ok=True)
    shape = (batch, 3, SIDE, SIDE) if folder == CLIP else (batch, 1, FRAMES, BINS)
    with torch.inference_mode():
        torch.onnx.export(tower(folder), (torch.randn(shape),), path, dynamo=True, verbose=False)


if __name__ == "__main__":
    make()
