# The shared libraries of a base sysroot alone: what a program built for it
# runs on, natively through the loader or under QEMU (-L).
{ step }:
{
  base,
  suite,
  arch,
}:
step {
  name = "runtime-${suite}-${arch}";
  script = ''
    cd ${base}
    for file in $(find . \( -type f -o -type l \) -name '*.so*' | grep -E '\.so\.[0-9]+|-2\.[0-9]+\.so$|/ld'); do
      mkdir -p $out/$(dirname $file)
      cp -P $file $out/$file
    done
    for link in lib lib64; do
      if [ -L $link ]; then cp -P $link $out/; fi
    done
    cd $out
    find . -type l | while read -r link; do [ -e "$link" ] || rm "$link"; done
  '';
}
