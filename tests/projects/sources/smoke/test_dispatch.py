from pathlib import Path

from dispatch import call

FLAGS = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith(("flags", "Features")))


def test_every_kind_of_source_is_in_the_extension() -> None:
    found = call()
    assert (found["assembled"], found["plain"], found["part"], found["sum"]) == (42, 9, 7, 45)
    assert (found["copy"], found["length"], found["alive"], round(found["root"], 5)) == ("posix", 3, 0, 3.14159)


def test_dispatch_agrees_with_this_processor() -> None:
    found = call()
    assert found["avx2"] == ("avx2" in FLAGS.split())
    assert found["chosen"] == int(found["avx2"])
    assert found["vendor"] in (1, 2, 3)
