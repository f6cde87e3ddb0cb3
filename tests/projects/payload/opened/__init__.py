import ctypes
import pathlib

(_path,) = pathlib.Path(__file__).parent.glob("*core.*")
answer = ctypes.CDLL(str(_path)).answer
