"""`tandem models pull` from a hub on this machine (hub.py): whole and checked, or not to be seen at all."""

import json
import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from hub import Hub, Repository
from runner import shell_code

GOLDENS = Path(__file__).resolve().parents[1] / "EncodeTests/Goldens"
OTHER_COMMIT = "f" * 40
TAKEN = {
    "bert": {
        "1_Pooling/config.json", "config.json", "model.safetensors", "sentence_bert_config.json", "tokenizer.json"},
    "clip": {"config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"},
}
WEIGHTS = "model.safetensors"


class Place:
    """A hub, a folder for models, and pulls from the one into the other."""

    def __init__(self, tandem, root: Path):
        self.tandem = tandem
        self.root = root / "models"
        self.hub = Hub({})
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(root), "HF_ENDPOINT": self.hub.address}
        self.environment["TANDEM_MODELS"] = str(self.root)

    def offer(self, golden: str = "bert", **options) -> Repository:
        repository = Repository.of(GOLDENS / golden, **options)
        self.hub.repositories[f"org/{golden}"] = repository
        return repository

    def pull(self, name: str = "org/bert", **more):
        options = {name: more.pop(name) for name in ("preexec_fn", "restore_signals") if name in more}
        return self.tandem("models", "pull", name, env=self.environment | more, **options)

    def start(self, name: str = "org/bert", **more) -> subprocess.Popen:
        command = self.tandem.command("models", "pull", name)
        return subprocess.Popen(command, env=self.environment | more, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ok(self, name: str = "org/bert", **more) -> str:
        done = self.pull(name, **more)
        assert done.returncode == 0, done.stderr.decode()
        return done.stderr.decode()

    def refused(self, code: int, *words: str, **more):
        done = self.pull(**more)
        said = done.stderr.decode()
        assert done.returncode == code, said
        assert said.count("\n") == 1 and all(word in said for word in words), said
        assert self.listed() == []
        return said

    def listed(self) -> list[str]:
        """The models that are to be seen."""
        out = self.tandem.ok("models", "list", "--json", env=self.environment)
        return [json.loads(line)["name"] for line in out.splitlines()][1:]

    def files(self, name: str = "bert") -> dict[str, bytes]:
        folder = self.root / "org" / name
        found = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}

    def part(self) -> Path:
        return self.root / "org/.bert.pulling/files" / f"{WEIGHTS}.part"

    def await_part(self, process: subprocess.Popen, size: int = 1):
        """Until so many bytes of the weights have come."""
        for _ in range(1000):
            if self.part().exists() and self.part().stat().st_size >= size:
                return
            assert process.poll() is None, process.stderr.read().decode()
            time.sleep(0.01)
        raise AssertionError("nothing comes")


@pytest.fixture()
def place(tandem, tmp_path):
    place = Place(tandem, tmp_path)
    yield place
    place.hub.close()


@pytest.mark.parametrize("golden", TAKEN)
def test_a_model_arrives_byte_for_byte_and_can_be_used(place, golden):
    repository = place.offer(golden)
    done = place.pull(f"org/{golden}")
    assert done.returncode == 0 and b"text" in done.stdout and b"  ok\n" in done.stdout
    files = place.files(golden)
    assert files.pop(".pulled").decode() == f"org/{golden}@{repository.commit}\n"
    assert files == {name: repository.files[name] for name in TAKEN[golden]}
    assert os.listdir(place.root / "org") == [golden]
    assert place.listed() == [f"org/{golden}"]
    encode = ["encode", "--text", "a dog", "--model"]
    pulled = place.tandem.ok(*encode, f"org/{golden}", env=place.environment)
    assert json.loads(pulled)["vector"] == json.loads(place.tandem.ok(*encode, GOLDENS / golden))["vector"]


def test_what_is_complete_is_not_fetched_again(place):
    place.offer()
    place.ok()
    place.hub.requests.clear()
    assert "already complete" in place.ok()
    assert [one["path"].split("/")[1] for one in place.hub.requests] == ["api"]


def test_another_commit_takes_the_place_of_the_first(place):
    place.offer()
    place.ok()
    newer = place.offer(commit=OTHER_COMMIT)
    newer.files["tokenizer.json"] += b"\n"
    place.ok("org/bert@old/one")
    assert place.files()[".pulled"].decode() == f"org/bert@{OTHER_COMMIT}\n"
    assert place.files()["tokenizer.json"] == newer.files["tokenizer.json"]
    assert os.listdir(place.root / "org") == ["bert"]


def test_what_a_pull_left_that_was_killed_at_its_end_is_no_hindrance(place):
    """It was tidying up: what was the model before is still there."""
    left = place.part().parent.parent / "earlier"
    for commit in (place.offer().commit, OTHER_COMMIT):
        place.offer(commit=commit)
        place.ok("org/bert@old/one")
        left.mkdir(parents=True)
        (left / "config.json").write_text("{}")
    assert "already complete" in place.ok("org/bert@old/one")
    assert os.listdir(place.root / "org") == ["bert"]


def test_a_name_that_ends_like_a_growing_folder_is_a_name(place):
    place.offer()
    place.hub.repositories["org/bert.pulling"] = place.hub.repositories["org/bert"]
    place.ok("org/bert.pulling")
    place.ok()
    assert sorted(place.listed()) == ["org/bert", "org/bert.pulling"]


def test_a_folder_that_was_not_pulled_is_left_alone(place):
    place.offer()
    mine = place.root / "org/bert/notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    place.refused(73, "org/bert", "not pulled")
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("cuts", [[10_000], [10_000, 1, 20_000, 0]])
def test_a_connection_that_breaks_is_taken_up_where_it_broke(place, cuts):
    repository = place.offer(cuts={WEIGHTS: list(cuts)})
    place.ok()
    ranges, there = [None], 0
    for cut in cuts:
        there += cut
        ranges.append(f"bytes={there}-")
    assert place.hub.fetched(WEIGHTS) == ranges
    assert place.files()[WEIGHTS] == repository.files[WEIGHTS]


def test_a_hub_without_ranges_begins_anew(place):
    repository = place.offer(cuts={WEIGHTS: [10_000]}, knows_ranges=False)
    place.ok()
    assert len(place.hub.fetched(WEIGHTS)) == 3  # cut, a range that is not answered, the whole
    assert place.files()[WEIGHTS] == repository.files[WEIGHTS]


def test_a_hub_that_gives_up_is_left_with_what_came(place):
    place.offer(cuts={WEIGHTS: [10_000] + [0] * 20})
    place.refused(69, WEIGHTS)
    assert place.part().stat().st_size == 10_000
    place.hub.repositories["org/bert"].cuts.clear()
    place.hub.requests.clear()
    place.ok()
    assert place.hub.fetched(WEIGHTS) == ["bytes=10000-"]


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_bytes_that_are_not_the_listed_ones_are_refused(place, name):
    repository = place.offer()
    forged = bytearray(repository.files[name])
    forged[-2] ^= 1
    repository.forged[name] = [bytes(forged)] * 9
    place.refused(74, name, "SHA-256" if name == WEIGHTS else "SHA-1")
    assert len(place.hub.fetched(name)) == 1  # nothing was resumed, so nothing is tried again
    repository.forged.clear()
    place.ok()


def test_a_resumed_file_that_is_wrong_is_fetched_anew_once(place):
    repository = place.offer()
    place.part().parent.mkdir(parents=True)
    weights = repository.files[WEIGHTS]
    repository.cuts[WEIGHTS] = [10_000]
    repository.forged[WEIGHTS] = [bytes(len(weights))]  # the first piece is of another file
    place.ok()
    assert place.hub.fetched(WEIGHTS) == [None, "bytes=10000-", None]
    assert place.files()[WEIGHTS] == weights


def test_a_resumed_file_that_stays_wrong_is_refused(place):
    repository = place.offer()
    repository.cuts[WEIGHTS] = [10_000]
    repository.forged[WEIGHTS] = [bytes(len(repository.files[WEIGHTS]))] * 9
    place.refused(74, WEIGHTS, "SHA-256")
    assert place.hub.fetched(WEIGHTS) == [None, "bytes=10000-", None]


@pytest.mark.parametrize("change", [-5, 5])
def test_a_size_that_is_not_the_listed_one_is_refused(place, change):
    repository = place.offer()
    listed = len(repository.files[WEIGHTS]) + change
    repository.claims[WEIGHTS] = {"size": listed}
    place.refused(74, WEIGHTS, "longer" if change < 0 else f"instead of {listed}")


def test_what_the_hub_does_not_have_is_not_found(place):
    place.refused(66, "org/bert")
    place.offer()
    place.refused(66, "org/bert@nothing", name="org/bert@nothing")
    assert not place.root.joinpath("org").exists()


def test_a_token_opens_what_is_not_public(place):
    place.offer(token="hf_secret")
    place.refused(66, "$HF_TOKEN")
    said = place.refused(66, "$HF_TOKEN", HF_TOKEN="hf_wrong")
    assert "hf_wrong" not in said
    place.refused(78, "$HF_TOKEN", HF_TOKEN='a"\nurl = "b')
    place.ok(HF_TOKEN="hf_secret")
    cdn = [one for one in place.hub.requests if one["path"].startswith("/cdn/")]
    assert cdn and all(one["authorization"] is None for one in cdn)  # it stays with the hub


def test_the_token_is_in_no_argument(place):
    place.offer(token="hf_secret", pace=0.02)
    process = place.start(HF_TOKEN="hf_secret")
    place.await_part(process, 5000)
    seen = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in _descendants(process.pid)}
    process.terminate()
    process.communicate(timeout=20)
    assert any(line.startswith(b"curl\0") for line in seen.values())
    assert all(b"hf_secret" not in line for line in seen.values())


def _descendants(pid: int) -> list[int]:
    children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid] + [each for child in children for each in _descendants(child)]


@pytest.mark.parametrize("name", ["../outside.json", "/etc/outside.json", "a/../../b.json", "a//b.json"])
def test_a_name_that_leaves_the_folder_is_refused(place, name):
    place.offer().files[name] = b"{}"
    place.refused(78, "leaves the folder")


def test_other_formats_are_no_model_here(place):
    files = place.offer().files
    files["pytorch_model.bin"] = files.pop(WEIGHTS)
    place.refused(78, "org/bert", "no model.safetensors", "pytorch_model.bin")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_pull_that_was_ended_goes_on_later(place, number):
    repository = place.offer(pace=0.02)
    process = place.start()
    place.await_part(process, 3000)
    children = _descendants(process.pid)[1:]
    process.send_signal(number)
    process.communicate(timeout=20)
    assert shell_code(process.returncode) == 128 + number
    assert children and not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert place.listed() == [] and place.pull("org/none").returncode == 66
    assert place.tandem("models", "show", "org/bert", env=place.environment).returncode == 78
    there = place.part().stat().st_size
    repository.pace = 0
    place.hub.requests.clear()
    place.ok()
    assert 3000 <= there and place.hub.fetched(WEIGHTS) == [f"bytes={there}-"]
    assert place.hub.fetched("config.json") == []
    assert place.files()[WEIGHTS] == repository.files[WEIGHTS]


def test_of_two_at_once_the_second_says_so(place):
    repository = place.offer(pace=0.02)
    process = place.start()
    place.await_part(process)
    place.refused(69, "another process")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    repository.pace = 0
    place.ok()


def test_a_killed_pull_leaves_nobody_behind(place):
    """Not even by SIGKILL: curl has nowhere to write, and the next pull goes on."""
    repository = place.offer(pace=0.02)
    process = place.start()
    place.await_part(process, 3000)
    curl = _descendants(process.pid)[1:]
    process.kill()
    process.communicate(timeout=20)
    assert curl and _are_gone(curl)
    there = place.part().stat().st_size
    repository.pace = 0
    place.hub.requests.clear()
    place.ok()
    assert there >= 3000 and place.hub.fetched(WEIGHTS) == [f"bytes={there}-"]
    assert place.files()[WEIGHTS] == repository.files[WEIGHTS]


def _are_gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() and ") Z" not in Path(f"/proc/{pid}/stat").read_text() for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_files_of_another_commit_are_not_mixed_in(place):
    repository = place.offer(cuts={WEIGHTS: [10_000] + [0] * 20})
    assert place.pull().returncode == 69
    place.offer(commit=OTHER_COMMIT)
    place.hub.requests.clear()
    place.ok()
    assert place.hub.fetched(WEIGHTS) == [None]
    assert place.files()[WEIGHTS] == repository.files[WEIGHTS]


def test_a_hub_that_is_busy_is_asked_again(place):
    place.offer(answers=[503, 429])
    place.ok()


def test_a_hub_that_does_not_answer_is_unavailable(place):
    place.hub.close()
    began = time.monotonic()
    place.refused(69, "org/bert")
    assert time.monotonic() - began < 15


def test_without_curl_it_says_so(place, tmp_path):
    place.offer()
    place.refused(69, "curl", PATH=str(tmp_path))


@pytest.mark.parametrize("address", ["http://192.0.2.1", "ftp://127.0.0.1", "127.0.0.1"])
def test_a_hub_is_not_asked_in_the_clear(place, address):
    place.refused(78, "$HF_ENDPOINT", HF_ENDPOINT=address)


def test_what_does_not_fit_is_not_begun(place):
    place.offer(claims={WEIGHTS: {"size": 1 << 55}})
    place.refused(74, "MB")
    assert place.hub.fetched("config.json") == []


def test_a_full_disk_is_an_error_of_the_disk(place):
    place.offer()

    def limit():  # a write beyond it fails, as on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    place.refused(74, WEIGHTS, preexec_fn=limit, restore_signals=False)


def test_an_unknown_family_is_named_and_kept(place):
    place.offer().files["config.json"] = b'{"model_type": "strange"}'
    done = place.pull()
    assert done.returncode == 78 and b'"strange" is none of' in done.stderr
    assert place.files()["config.json"] == b'{"model_type": "strange"}'


@pytest.mark.parametrize("name", ["bert", "a/b/c", "../x", "org/..", "org/x@../y", "/etc/passwd"])
def test_what_is_no_name_is_an_error_of_usage(place, name):
    place.refused(64, name=name)


def test_the_first_folder_that_can_be_written_is_taken(place, tmp_path):
    place.offer()
    (tmp_path / "file").write_text("")
    place.environment["TANDEM_MODELS"] = f"{tmp_path}/file/models:{place.root}"
    place.ok()
    assert place.listed() == ["org/bert"] and place.files()
    place.environment["TANDEM_MODELS"] = f"{tmp_path}/file/models"
    assert place.pull().returncode == 73


def test_it_tells_how_far_it_is(place):
    import pty

    place.offer(pace=0.01)
    ours, theirs = pty.openpty()
    command = place.tandem.command("models", "pull", "org/bert")
    process = subprocess.Popen(command, env=place.environment, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 1 << 16):
            said += piece
    except OSError:  # the terminal has closed
        pass
    assert process.wait(timeout=20) == 0
    shown = [int(one) for one in re.findall(rb"\] (\d+) %", said)]
    assert len(shown) > 3 and shown == sorted(shown) and b"MB/s" in said
