"""The pipeline that a Python user would write: PyAV, the processors of transformers, its models on torch, two threads.

    user_pipeline.py CLIP PASSES        one line of JSON: {"seconds": [of each pass], "windows": …}

Pictures are taken two a second and encoded in batches of eight; sound is resampled to 48 kHz and encoded in windows
of ten seconds. A record is the mean of what overlaps its window of two seconds.
"""

import json
import sys
import time

import av
import numpy as np
import torch
import zoo
import torchvision_operators  # noqa: F401  found by zoo

RATE, WINDOW, BATCH, FPS = 48_000, 480_000, 8, 2


class Pipeline:
    def __init__(self):
        from transformers import ClapFeatureExtractor, CLIPImageProcessor

        self.see, self.hear = zoo.tower(zoo.CLIP), zoo.tower(zoo.CLAP)
        self.processor = CLIPImageProcessor.from_pretrained(zoo.CLIP)
        self.extractor = ClapFeatureExtractor.from_pretrained(zoo.CLAP)

    def run(self, path):
        self.pictures, self.waiting, self.sounds = [], [], []
        self.samples = np.zeros(0, np.float32)
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        with av.open(path) as container:
            video, audio = container.streams.video[0], container.streams.audio[0]
            video.thread_type, video.codec_context.thread_count = "AUTO", 2
            next_picture = 0
            for frame in container.decode(video, audio):
                if isinstance(frame, av.AudioFrame):
                    self.listen(resampler.resample(frame))
                elif frame.time >= next_picture / FPS:
                    next_picture += 1
                    self.look(frame.to_ndarray(format="rgb24"))
        self.listen(resampler.resample(None))
        self.flush()
        return self.records()

    def look(self, picture):
        self.waiting.append(torch.from_numpy(picture).permute(2, 0, 1))
        if len(self.waiting) == BATCH:
            self.encode_pictures()

    def listen(self, frames):
        self.samples = np.concatenate([self.samples, *(frame.to_ndarray().reshape(-1) for frame in frames)])
        while len(self.samples) >= WINDOW:
            self.encode_sound(self.samples[:WINDOW])
            self.samples = self.samples[WINDOW:]

    def flush(self):
        if self.waiting:
            self.encode_pictures()
        if len(self.samples):
            self.encode_sound(self.samples)

    def encode_pictures(self):
        pixels = self.processor(self.waiting, return_tensors="pt")["pixel_values"]
        self.pictures += list(self.see(pixels).numpy())
        self.waiting = []

    def encode_sound(self, samples):
        features = self.extractor(samples, sampling_rate=RATE, return_tensors="pt")["input_features"]
        self.sounds.append(self.hear(features)[0].numpy())

    def records(self):
        """One each second, of two seconds."""
        rows = []
        for second in range(max(1, len(self.pictures) // FPS - 1)):
            picture = np.mean(self.pictures[FPS * second : FPS * (second + 2)], axis=0)
            sound = self.sounds[min(second // 10, len(self.sounds) - 1)]
            rows.append(np.concatenate([picture / np.linalg.norm(picture), sound / np.linalg.norm(sound)]))
        return rows


@torch.inference_mode()
def main(path, passes):
    torch.set_num_threads(2)
    pipeline, seconds = Pipeline(), []
    for _ in range(int(passes)):
        begin = time.perf_counter()
        records = pipeline.run(path)
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": seconds, "windows": len(records)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
