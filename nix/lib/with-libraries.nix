# A target's sysroot and runtime with a project's packages in them. Each is a
# copy: compilers, linkers, pkg-config and CMake know of one sysroot, and linker
# scripts name files below it by absolute paths.
{ step }:
{
  name,
  common,
  libraries,
  sysroot,
  runtime,
}:
let
  # Debian's library folders lead below /usr in both.
  add = to: ''
    cp -a ${to}/. $out/
    chmod -R u+w $out
  '';
in
{
  sysroot = step {
    name = "sysroot-${name}-libraries";
    script = ''
      mkdir $out
      ${add sysroot}
      if [ -d ${libraries}/tree/usr ]; then cp -a ${libraries}/tree/usr $out/; fi
    '';
  };
  # Shared libraries alone, with what they load by name beside them.
  runtime = step {
    name = "runtime-${common}-libraries";
    script = ''
      mkdir $out
      ${add runtime}
      cd ${libraries}/tree
      find . \( -type f -o -type l \) \( -name '*.so' -o -name '*.so.*' \) | while read -r file; do
        mkdir -p $out/$(dirname $file)
        cp -P $file $out/$file
      done
      cd $out
      find . -type l | while read -r link; do [ -e "$link" ] || rm "$link"; done
    '';
  };
}
