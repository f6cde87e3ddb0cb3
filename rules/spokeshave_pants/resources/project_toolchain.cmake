# The toolchain of a project: that of the platform, without an emulator. CMake then asks for the answers of programs of
# the target, which no program can give here.
include("${CMAKE_CURRENT_LIST_DIR}/../__foreign/toolchain.cmake")
set(SPOKESHAVE_EMULATOR "${CMAKE_CROSSCOMPILING_EMULATOR}")
unset(CMAKE_CROSSCOMPILING_EMULATOR)
unset(CMAKE_CROSSCOMPILING_EMULATOR CACHE)
