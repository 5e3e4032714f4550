"""Where no code may be made, as under MemoryDenyWriteExecute=yes of the units: everything works, by OpenBLAS.

oneDNN makes code. `auto` finds out before it chooses, and says why it chose another; who asks for oneDNN by name hears
why not. As `auto` wants oneDNN only on some processors, a library stands in for it here that forwards to the real one
and calls itself the best of its kind (`boastful`), or does nothing when told to multiply (`idle`).
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from daemon import Daemon

HERE = Path(__file__).resolve().parent
GOLDENS = HERE.parent / "EncodeTests/Goldens"
CAUSE = "this process may not make executable memory (MemoryDenyWriteExecute)"
WARNING = rf"tandem: warning: products by openblas \S+ \S+: oneDNN makes code, but {re.escape(CAUSE)}\n"

FORWARDING = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <dnnl.h>
#include <stdlib.h>
static const char *const names[] = {%(names)s};
void *real[%(count)d];
__attribute__((constructor)) static void find(void) {
  void *library = dlopen("%(library)s", RTLD_NOW | RTLD_LOCAL);
  for (int n = 0; n < %(count)d; n++)
    if (!library || !(real[n] = dlsym(library, names[n]))) abort();
}
__asm__(%(jumps)s);
"""
BOASTFUL = """
dnnl_status_t dnnl_primitive_desc_query(const_dnnl_primitive_desc_t description, dnnl_query_t what, int n, void *out) {
  if (what == dnnl_query_impl_info_str) return *(const char **)out = "brgemm", dnnl_success;
  return ((__typeof__(dnnl_primitive_desc_query) *)real[%(query)d])(description, what, n, out);
}
"""
IDLE = """
dnnl_status_t dnnl_primitive_execute(const_dnnl_primitive_t p, dnnl_stream_t s, int n, const dnnl_exec_arg_t *a) {
  return dnnl_success;
}
"""


def compiled(source: str, target: Path, *options: str) -> Path:
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    path = target.with_suffix(".c")
    path.write_text(source)
    subprocess.run(["cc", "-O1", *options, path, "-o", target], check=True)
    return target


@pytest.fixture(scope="module", params=["prctl", "filter"])
def deny(request, tmp_path_factory) -> list[str]:
    """A command that runs another, which may not make code."""
    launcher = compiled((HERE / "deny_code.c").read_text(), tmp_path_factory.mktemp("deny") / "deny")
    command = [str(launcher), request.param]
    code = subprocess.run([*command, "/bin/true"]).returncode
    if code == 77:
        pytest.skip(f"this kernel has no {request.param} that denies it")
    assert code == 0
    return command


@pytest.fixture(scope="module")
def library(tandem) -> Path:
    """The library that the program opens."""
    name = re.search(rb"libdnnl\.so\.\d+", tandem.program.read_bytes())
    if not name:
        pytest.skip("this build has no oneDNN")
    cache = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    found = re.search(rf"{re.escape(name[0].decode())} .*=> (\S+)", cache)
    if not found:
        pytest.skip("oneDNN is not installed here")
    return Path(found[1])


def stand_in(library: Path, folder: Path, own: dict[str, str]) -> dict:
    """An environment where the program finds, in the library's place, one that forwards all but its own functions."""
    if os.uname().machine != "x86_64":
        pytest.skip("the stand-in is written for x86-64")
    exported = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True)
    names = re.findall(r" T ((?:dnnl|omp)_\w+)", exported.stdout)
    jumps = [f"{name}: jmp *real+{8 * n}(%rip)" for n, name in enumerate(names) if name not in own]
    jumps = "\n".join(f'".globl {jump.split(":")[0]}\\n{jump}\\n"' for jump in jumps)
    values = {
        "names": ", ".join(f'"{name}"' for name in names), "count": len(names), "library": library.resolve(),
        "jumps": jumps, "query": names.index("dnnl_primitive_desc_query"),
    }
    source = (FORWARDING + "".join(own.values())) % values
    compiled(source, folder / library.name, "-shared", "-fPIC", "-Wl,-Bsymbolic")
    return os.environ | {"LD_LIBRARY_PATH": str(folder)}


@pytest.fixture(scope="module")
def boastful(library, tmp_path_factory) -> dict:
    return stand_in(library, tmp_path_factory.mktemp("boastful"), {"dnnl_primitive_desc_query": BOASTFUL})


@pytest.fixture(scope="module")
def idle(library, tmp_path_factory) -> dict:
    own = {"dnnl_primitive_desc_query": BOASTFUL, "dnnl_primitive_execute": IDLE}
    return stand_in(library, tmp_path_factory.mktemp("idle"), own)


def bench(tandem, *options, prefix=(), env=None) -> subprocess.CompletedProcess:
    arguments = ["bench", "model", GOLDENS / "clip", "--seconds", "0.01", "--json", *options]
    command = [*prefix, *tandem.command(*arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env)


def engine(done: subprocess.CompletedProcess) -> str:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["blas"].split()[0]


def test_auto_multiplies_by_openblas(tandem, deny):
    done = bench(tandem, prefix=deny)
    assert engine(done) == "openblas"
    assert re.fullmatch(f"({WARNING})?", done.stderr)


@pytest.mark.parametrize("options", [("--blas", "onednn"), ("--blas", "onednn", "--precision", "bf16"),
                                     ("--precision", "bf16")])
def test_who_asks_for_onednn_hears_the_cause(tandem, library, deny, options):
    done = bench(tandem, *options, prefix=deny)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == f"tandem: oneDNN makes code, but {CAUSE}\n"


def test_onednn_that_is_asked_for_passes_the_trial_where_it_may_make_code(tandem, library):
    done = bench(tandem, "--blas", "onednn")
    assert (engine(done), done.stderr) == ("onednn", "")


def test_auto_is_onednn_where_it_suits_and_may_make_code(tandem, boastful):
    done = bench(tandem, env=boastful)
    assert (engine(done), done.stderr) == ("onednn", "")


def test_auto_says_in_one_line_why_it_is_not_onednn(tandem, boastful, deny):
    done = bench(tandem, prefix=deny, env=boastful)
    assert engine(done) == "openblas"
    assert re.fullmatch(WARNING, done.stderr)


def test_a_product_that_is_wrong_is_noticed(tandem, idle):
    done = bench(tandem, env=idle)
    assert engine(done) == "openblas"
    assert re.fullmatch(r"tandem: warning: products by openblas \S+ \S+: oneDNN multiplied wrongly\n", done.stderr)
    done = bench(tandem, "--blas", "onednn", env=idle)
    assert (done.returncode, done.stderr) == (78, "tandem: oneDNN multiplied wrongly\n")


def test_records_name_who_multiplied(tandem, media, boastful, deny, tmp_path):
    import pyarrow.ipc

    path = tmp_path / "out.arrows"
    arguments = ["embed", "--quiet", "--model", GOLDENS / "clip", "-o", path, media("beep.mp4")]
    command = [*deny, *tandem.command(*arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=boastful, timeout=60)
    assert done.returncode == 0 and re.fullmatch(WARNING, done.stderr), done.stderr
    reader = pyarrow.ipc.open_stream(path)
    assert reader.schema.metadata[b"tandem.blas"].startswith(b"openblas ")
    assert reader.read_all().num_rows == 3


def test_the_daemon_serves_and_says_why_it_is_not_onednn(tandem, media, boastful, deny, tmp_path):
    sources = {"clip": {"url": str(media("beep.mp4"))}}
    daemon = Daemon(tandem, tmp_path, sources, {"model": str(GOLDENS / "clip")})
    try:
        daemon.start(prefix=deny, environment={"LD_LIBRARY_PATH": boastful["LD_LIBRARY_PATH"]})
        assert len(re.findall(WARNING, daemon.log)) == 1
        assert daemon.stored(quiet=1)
        daemon.assert_alive()
        assert daemon.stop() == 0
    finally:
        daemon.close()
