# What CMake must be told of a target's compiler: a toolchain file.
{ step, hostTriple }:
{
  name,
  target,
  cc,
  sysroot,
  ...
}:
let
  # As `uname -m` says it.
  named = builtins.head (builtins.match "([^-]+)-.*" target.clang);
  processor =
    {
      armv7 = "armv7l";
      powerpc64le = "ppc64le";
    }
    .${named} or named;
  tool = tool: "${cc}/bin/${target.clang}-${tool}";
  # What runs here is no cross build: CMake then runs what it has compiled.
  system =
    if target.triple == hostTriple then
      ""
    else
      ''
        set(CMAKE_SYSTEM_NAME Linux)
        set(CMAKE_SYSTEM_PROCESSOR ${processor})
      '';
in
step {
  name = "cmake-${name}";
  text = ''
    ${system}set(CMAKE_C_COMPILER ${tool "clang"})
    set(CMAKE_CXX_COMPILER ${tool "clang++"})
    set(CMAKE_ASM_COMPILER ${tool "clang"})
    set(CMAKE_AR ${tool "ar"} CACHE FILEPATH "")
    set(CMAKE_RANLIB ${tool "ranlib"} CACHE FILEPATH "")
    set(CMAKE_NM ${tool "nm"} CACHE FILEPATH "")
    set(CMAKE_STRIP ${tool "strip"} CACHE FILEPATH "")
    set(CMAKE_OBJCOPY ${tool "objcopy"} CACHE FILEPATH "")
    set(CMAKE_READELF ${tool "readelf"} CACHE FILEPATH "")
    # Besides the target's own files there is what the build has made: a library
    # of another build script, or of the project. A path below a root is taken
    # as it stands.
    set(CMAKE_FIND_ROOT_PATH ${sysroot} /build)
    if(DEFINED ENV{OUT_DIR})
      get_filename_component(xbuild_scripts "$ENV{OUT_DIR}/../.." ABSOLUTE)
      list(APPEND CMAKE_FIND_ROOT_PATH "''${xbuild_scripts}")
    endif()
    set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
    set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
    set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
    set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
  '';
  passAsFile = [ "text" ];
  script = "cp $textPath $out";
}
