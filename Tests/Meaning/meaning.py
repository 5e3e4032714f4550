"""What the starter means, in figures: see README.md.

usage: meaning.py STAMPS VIDEOS      (folders of tuxpaint-stamps-default and of iscc-samples; needs ffmpeg)
"""

import json
import math
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
TANDEM = os.environ.get("TANDEM", HERE.parents[1] / ".build/release/tandem")
MODELS = ("starter", "builtin")


def main(stamps: str, videos: str):
    stamps, videos = Path(stamps), Path(videos)
    print(f"{'what':<34}{'starter':>9}{'builtin':>9}{'words':>9}{'chance':>9}   of")
    pictures(stamps)
    containers(videos)
    text(stamps)
    sounds(stamps)


def row(what: str, count: str, chance: float, starter: float, builtin=None, words=None):
    cells = "".join(f"{'–' if share is None else f'{share:.1%}':>9}" for share in (starter, builtin, words, chance))
    print(f"{what:<34}{cells}   {count}", flush=True)


# ---------------------------------------------------------------- the program


def tandem(*arguments) -> list[dict]:
    done = subprocess.run([str(TANDEM), *map(str, arguments)], capture_output=True)
    if done.returncode != 0:
        sys.exit(done.stderr.decode())
    return [json.loads(line) for line in done.stdout.splitlines()]


def encoded(model: str, flag: str, items: list) -> np.ndarray:
    """Unit vectors, a row for each item."""
    options = [word for item in items for word in (flag, item)]
    return np.array([row["vector"] for row in tandem("encode", "--model", model, *options)], np.float32)


def embedded(*arguments) -> list[dict]:
    return tandem("embed", "--quiet", "--format", "ndjson", "-o", "-", *arguments)


# ---------------------------------------------------------------- neighbours


def by_category(what: str, flag: str, found: list[tuple[str, Path]]):
    """How often the nearest neighbour is of the same category."""
    labels = np.array([label for label, _ in found])
    shares = [agreement(encoded(model, flag, [path for _, path in found]), labels) for model in MODELS]
    sizes = np.array(list(Counter(labels).values()))
    chance = float((sizes * (sizes - 1)).sum() / (len(labels) * (len(labels) - 1)))
    row(what, f"{len(labels)} in {len(sizes)} categories", chance, *shares)


def agreement(vectors: np.ndarray, labels: np.ndarray) -> float:
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    return float((labels[likeness.argmax(1)] == labels).mean())


def category(path: Path, stamps: Path) -> str:
    return path.relative_to(stamps).parts[0]


def pictures(stamps: Path):
    """Mirrored and turned copies left out; letters and signs too, whose category is a matter of form."""
    paths = [path for path in sorted(stamps.rglob("*.png")) if not re.search(r"_(mirror|flip)", path.stem)]
    found = [(category(path, stamps), path) for path in paths]
    by_category("pictures by category", "--image", [one for one in found if one[0] != "symbols"])
    by_category("the same with letters and signs", "--image", found)


def sounds(stamps: Path):
    """Without spoken descriptions, the names of letters, silence, and categories of one sound."""
    paths = [path for ending in ("ogg", "wav") for path in sorted(stamps.rglob(f"*.{ending}"))]
    found = [(category(path, stamps), path) for path in paths if "_desc" not in path.stem and loudest(path) > -90]
    sizes = Counter(label for label, _ in found)
    by_category("sounds by category", "--audio", [one for one in found if one[0] != "symbols" and sizes[one[0]] > 1])


def loudest(path: Path) -> float:
    """Of the samples, in dB of full scale."""
    command = ["ffmpeg", "-nostats", "-i", str(path), "-af", "volumedetect", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, check=True).stderr.decode()
    return float(re.search(r"max_volume: (\S+) dB", said)[1])


def containers(videos: Path):
    paths = sorted(path for path in videos.glob("demo.*") if path.suffix not in (".gif", ".swf"))
    shares, windows, count = [], 0, 0
    for model in MODELS:
        rows = {path: pictured(model, path) for path in paths}
        asked = rows.pop(videos / "demo.mp4")
        rows = {path: other for path, other in rows.items() if other}
        hits = [found_again(asked, other) for other in rows.values()]
        shares.append(float(np.mean(hits)))
        windows, count = len(asked), len(rows)
    row("windows in other containers", f"{windows} in each of {count} files", 3 / windows, *shares)


def pictured(model: str, path: Path) -> list[dict]:
    rows = embedded("--model", model, "--tracks", "video", "--on-error", "record", path)
    return [one for one in rows if one.get("video")]


def found_again(asked: list[dict], other: list[dict]) -> float:
    likeness = np.array([one["video"] for one in asked]) @ np.array([one["video"] for one in other]).T
    starts = np.array([one["start_ns"] for one in other])[likeness.argmax(1)]
    return float((abs(starts - np.array([one["start_ns"] for one in asked])) <= 1_000_000_000).mean())


# ---------------------------------------------------------------- words


STOP = set("a an and are at by during for from getting has her his in into is it its not of off on or out s so somebody"
           " something that the their them this to together two very what when which with you your very".split())


def content(words: str) -> list[str]:
    """Without what stands in every sentence, and without endings."""
    found = re.findall(r"[a-z]+", words.lower().replace("’", "'"))
    return [re.sub(r"(ing|ed|es|s)$", "", word) for word in found if word not in STOP]


def text(stamps: Path):
    cues = descriptions(stamps)
    pairs = [line.split("\t") for line in (HERE / "paraphrases.tsv").read_text().splitlines()]
    for cue, query in pairs:
        if cue not in cues:
            sys.exit(f"paraphrases.tsv: there is no cue {cue}")
        if shared := set(content(cue)) & set(content(query)):
            sys.exit(f"paraphrases.tsv: {query} shares {shared} with its cue")
    vectors = cue_vectors(cues)
    queries = encoded("starter", "--text", [query for _, query in pairs])
    wanted = [list(cues).index(cue) for cue, _ in pairs]
    likeness = queries @ vectors.T
    words = np.array([bm25(query, list(cues)) for _, query in pairs])
    for most in (1, 5):
        row(f"cues by paraphrase, R@{most}", f"{len(pairs)} queries, {len(cues)} cues", most / len(cues),
            recall(likeness, wanted, most), None, recall(words, wanted, most))


def descriptions(stamps: Path) -> dict[str, Path]:
    """The first line of each description, once, and its picture."""
    cues = {}
    for path in sorted(stamps.rglob("*.png")):
        described = path.with_suffix(".txt")
        if category(path, stamps) != "symbols" and described.exists() and described.stem == path.stem:
            cues.setdefault(described.read_text(errors="replace").splitlines()[0].strip(), path)
    return cues


def cue_vectors(cues: dict[str, Path]) -> np.ndarray:
    """Of a slideshow with the cues as subtitles, 3 s each: the text of each window."""
    with tempfile.TemporaryDirectory() as folder:
        show, subtitles = Path(folder) / "show.mp4", Path(folder) / "show.srt"
        frames = [small_picture(path) for path in cues.values()]
        command = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "320x240", "-r", "1/3"]
        command += ["-i", "-", "-r", "1", "-c:v", "libx264", "-preset", "ultrafast", str(show)]
        subprocess.run(command, input=b"".join(frames), check=True)
        subtitles.write_text("".join(
            f"{n + 1}\n{clock(3 * n)} --> {clock(3 * n + 3)}\n{cue}\n\n" for n, cue in enumerate(cues)))
        options = ["--model", "starter", "--tracks", "video,text", "--subs", subtitles]
        rows = embedded(*options, "--window", "3s", "--hop", "3s", "--fps", "1/3", show)
    assert [one["text"] for one in rows] == list(cues), "a window holds another text than its cue"
    return np.array([one["text_vector"] for one in rows])


def small_picture(path: Path) -> bytes:
    filters = "scale=320:240:force_original_aspect_ratio=decrease,pad=320:240:-1:-1:white,format=yuv420p"
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-vf", filters, "-frames:v", "1", "-f", "rawvideo", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},000"


def bm25(query: str, cues: list[str], k: float = 1.2, b: float = 0.75) -> list[float]:
    """How well the words of a query fit each cue (Robertson et al. 1994)."""
    texts = [Counter(content(cue)) for cue in cues]
    mean = sum(text.total() for text in texts) / len(texts)
    scores = [0.0] * len(texts)
    for word in set(content(query)):
        holders = sum(word in text for text in texts)
        weight = math.log(1 + (len(texts) - holders + 0.5) / (holders + 0.5))
        for n, text in enumerate(texts):
            scores[n] += weight * text[word] * (k + 1) / (text[word] + k * (1 - b + b * text.total() / mean))
    return scores


def recall(likeness: np.ndarray, wanted: list[int], most: int) -> float:
    """The share of rows whose wanted column is among the `most` largest; ties stand in any order."""
    found = 0.0
    for scores, column in zip(likeness, wanted):
        before, equal = (scores > scores[column]).sum(), (scores == scores[column]).sum()
        found += min(1, max(0, most - before) / equal)
    return float(found / len(wanted))


if __name__ == "__main__":
    main(*sys.argv[1:])
