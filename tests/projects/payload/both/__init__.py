import ctypes
import pathlib

import opened
import packaging.version

from both._native import count as count

(_path,) = pathlib.Path(__file__).parent.glob("lib/*tally.*")
tally = ctypes.CDLL(str(_path)).tally
release = packaging.version.Version("1.0").release
answer = opened.answer
