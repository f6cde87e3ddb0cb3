# The steps of a CMake project. Included by project.cmake.

# try_run needs a program of the target to run. Without an answer CMake writes TryRunResults.cmake and fails: then all
# programs that it asks for count as failed, and their names are in `probes`.
set(common
  -G Ninja
  -S "${sandbox}/__source/${PROJECT_SUBDIRECTORY}"
  -B "${build}"
  "-DCMAKE_MAKE_PROGRAM=${sandbox}/${PROJECT_NINJA}"
  "-DCMAKE_TOOLCHAIN_FILE=${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake"
  "-DCMAKE_PROJECT_TOP_LEVEL_INCLUDES=${CMAKE_CURRENT_LIST_DIR}/top.cmake"
  "-DCMAKE_INSTALL_PREFIX=${prefix}"
  -DCMAKE_INSTALL_LIBDIR:PATH=lib
  # What FetchContent would download is an error. It is otherwise left out without a word.
  -DCMAKE_POLICY_DEFAULT_CMP0170=NEW
  -DCMAKE_POLICY_DEFAULT_CMP0190=NEW
  -DCMAKE_EXPORT_NO_PACKAGE_REGISTRY=ON
  -DCMAKE_FIND_PACKAGE_NO_PACKAGE_REGISTRY=ON
)
# Not an argument: the semicolons of a list do not survive a function's ARGN.
list(JOIN prefixes ":" joined)
set(ENV{CMAKE_PREFIX_PATH} "${joined}")

set(unanswered "")
foreach(attempt RANGE 1 8)
  set(answers "")
  foreach(name IN LISTS unanswered)
    list(APPEND answers "-D${name}=1" "-D${name}__TRYRUN_OUTPUT=")
  endforeach()
  spokeshave_configure(result output ${common} ${answers})
  if(result EQUAL 0)
    break()
  endif()
  set(asked "")
  if(EXISTS "${build}/TryRunResults.cmake")
    file(STRINGS "${build}/TryRunResults.cmake" asked REGEX "^set\\( [^ ]+ *$")
  endif()
  set(new "")
  foreach(line IN LISTS asked)
    string(REGEX REPLACE "^set\\( ([^ ]+) *$" "\\1" name "${line}")
    if(NOT name MATCHES "__TRYRUN_OUTPUT" AND NOT name IN_LIST unanswered)
      list(APPEND new "${name}")
    endif()
  endforeach()
  if(NOT new)
    fail(configure "${output}")
  endif()
  list(APPEND unanswered ${new})
  file(REMOVE_RECURSE "${build}")
endforeach()
if(NOT result EQUAL 0)
  fail(configure "${output}")
endif()
configured()
list(SORT unanswered)
list(JOIN unanswered "\n" joined)
file(WRITE "${out}/probes" "${joined}")
if(output MATCHES "Manually-specified variables were not used by the project:\n\n(([ ]+[^\n]+\n)+)")
  string(REGEX REPLACE "[ \n]+" "\n" unused "${CMAKE_MATCH_1}")
  file(WRITE "${out}/unused" "${unused}")
endif()

file(STRINGS "${build}/CMakeCache.txt" found REGEX "^CMAKE_PROJECT_(NAME|VERSION):[A-Z]+=.")
list(JOIN found "\n" joined)
file(WRITE "${out}/version" "${joined}")

set(targets "")
if(PROJECT_TARGETS)
  set(targets --target ${PROJECT_TARGETS})
endif()
execute_process(
  COMMAND "${CMAKE_COMMAND}" --build "${build}" --parallel "${jobs}" ${targets}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  fail(build "${output}")
endif()

set(ENV{DESTDIR} "${install}")
if(NOT PROJECT_COMPONENTS)
  set(PROJECT_COMPONENTS "*")
endif()
foreach(component IN LISTS PROJECT_COMPONENTS)
  set(chosen "")
  if(NOT component STREQUAL "*")
    set(chosen --component "${component}")
  endif()
  execute_process(
    COMMAND "${CMAKE_COMMAND}" --install "${build}" ${chosen}
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    fail(install "${output}")
  endif()
endforeach()
unset(ENV{DESTDIR})
