# find_package(Abacus) defines Abacus::abacus, the C API of Abacus' runtime. There is no import library for Windows.
get_filename_component(_abacus_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET Abacus::abacus)
  add_library(Abacus::abacus SHARED IMPORTED)
  set_target_properties(Abacus::abacus PROPERTIES
    IMPORTED_LOCATION
      "${_abacus_prefix}/lib/${CMAKE_SHARED_LIBRARY_PREFIX}abacus${CMAKE_SHARED_LIBRARY_SUFFIX}"
    INTERFACE_INCLUDE_DIRECTORIES "${_abacus_prefix}/include")
endif()
unset(_abacus_prefix)
