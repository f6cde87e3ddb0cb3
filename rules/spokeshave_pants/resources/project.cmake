# Configures, builds and installs a CMake project, makes its installed tree relocatable, and searches it for paths of this
# sandbox. Run as `cmake -P project.cmake JOBS`: a worker needs no Python and no shell but ninja's /bin/sh.
#
# __project/settings.cmake says what to build. The result is in __out: `tree`, and the files `calls`, `probes`, `leaks`,
# `outside`, `unused` and `version`, which exist even if they are empty.
cmake_minimum_required(VERSION 3.21)

get_filename_component(sandbox "${CMAKE_CURRENT_LIST_DIR}/.." REALPATH)
set(ENV{SPOKESHAVE_HOST_TOOLS} "${sandbox}/__host/bin")
include("${CMAKE_CURRENT_LIST_DIR}/settings.cmake")

set(prefix "/spokeshave")
set(build "${sandbox}/__build")
set(out "${sandbox}/__out")
set(tree "${out}/tree")
set(calls "${sandbox}/__calls.log")
set(result_files calls probes leaks outside unused version)
file(MAKE_DIRECTORY "${tree}" "${sandbox}/__tmp")
foreach(name IN LISTS result_files)
  file(TOUCH "${out}/${name}")
endforeach()
file(TOUCH "${calls}")

# Only the sandbox is on PATH, and nothing of the machine is in the environment.
set(path "")
set(packages "")
set(prefixes "")
foreach(folder IN LISTS PROJECT_PATH)
  list(APPEND path "${sandbox}/${folder}")
endforeach()
foreach(folder IN LISTS PROJECT_PREFIXES)
  list(APPEND prefixes "${sandbox}/${folder}")
  list(APPEND packages "${sandbox}/${folder}/lib/pkgconfig" "${sandbox}/${folder}/share/pkgconfig")
endforeach()
list(JOIN path ":" joined)
set(ENV{PATH} "${joined}")
list(JOIN packages ":" joined)
set(ENV{PKG_CONFIG_LIBDIR} "${joined}")
# Programs of host_tools find their shared libraries.
if(EXISTS "${sandbox}/__host/lib")
  set(ENV{LD_LIBRARY_PATH} "${sandbox}/__host/lib")
  set(ENV{DYLD_LIBRARY_PATH} "${sandbox}/__host/lib")
endif()
set(ENV{SPOKESHAVE_CALLS} "${calls}")
set(ENV{SPOKESHAVE_SANDBOX} "${sandbox}")
set(ENV{TMPDIR} "${sandbox}/__tmp")
set(ENV{HOME} "${sandbox}/__tmp")

# The engine says how many cores it grants. A worker's engine does not.
if(CMAKE_ARGV3 MATCHES "^[1-9][0-9]*$")
  set(jobs "${CMAKE_ARGV3}")
else()
  cmake_host_system_information(RESULT jobs QUERY NUMBER_OF_LOGICAL_CORES)
endif()

# Says in the log of calls that those which follow are of the project itself, and not of checks.
function(configured)
  file(APPEND "${calls}" "configured \n")
endfunction()

# Ends with the output of a step that failed.
function(fail step output)
  string(REPLACE "${sandbox}/" "" output "${output}")
  message("spokeshave: ${step} failed\n${output}")
  file(STRINGS "${calls}" refused REGEX "^emulate ")
  foreach(line IN LISTS refused)
    message("spokeshave: refused ${line}")
  endforeach()
  cmake_language(EXIT 1)
endfunction()

set(install "${sandbox}/__install")
file(MAKE_DIRECTORY "${install}${prefix}")
if(PROJECT_KIND STREQUAL "make")
  include("${CMAKE_CURRENT_LIST_DIR}/make.cmake")
else()
  include("${CMAKE_CURRENT_LIST_DIR}/cmake.cmake")
endif()

# What was installed elsewhere is not in the tree of the project.
file(GLOB_RECURSE outside LIST_DIRECTORIES false RELATIVE "${install}" "${install}/*")
list(SORT outside)
foreach(name IN LISTS outside)
  if(NOT name MATCHES "^spokeshave/")
    file(APPEND "${out}/outside" "/${name}\n")
  endif()
endforeach()
file(REMOVE_RECURSE "${tree}")
file(RENAME "${install}${prefix}" "${tree}")

include("${CMAKE_CURRENT_LIST_DIR}/relocate.cmake")
# The names of CMake's checks differ from build to build, so only the numbers of calls of each kind are kept. Until the
# project was configured, compiles and links are those of checks.
file(READ "${calls}" text)
string(FIND "\n${text}" "\nconfigured " end REVERSE)
if(end LESS 0)
  set(end 0)
endif()
string(SUBSTRING "${text}" 0 ${end} checks)
string(SUBSTRING "${text}" ${end} -1 project)
string(REGEX MATCHALL "\n(compile|link) " probes "\n${checks}")
string(REGEX MATCHALL "\ncompile " compiles "\n${project}")
string(REGEX MATCHALL "\nlink " links "\n${project}")
foreach(name compiles links probes)
  list(LENGTH "${name}" count)
  file(APPEND "${out}/calls" "${name} ${count}\n")
endforeach()
