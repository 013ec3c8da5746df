# A Debian suite's C library, headers and compiler runtime for one
# architecture, as one tree: what programs link against and, under QEMU, run on.
{
  unpack,
  packages,
}:
{ suite, arch }:
unpack {
  name = "sysroot-${suite}-${arch}";
  debs = packages.set "sysroot-${suite}-${arch}";
  # Suites before Debian 12 keep /lib apart from /usr/lib; every tree gets the
  # merged layout, with the names that loaders and linker scripts use.
  script = ''
    for dir in lib lib64; do
      if [ -d $dir ] && [ ! -L $dir ]; then
        mkdir -p usr/$dir
        cp -a $dir/. usr/$dir/
        rm -rf $dir
      fi
      [ -L $dir ] && rm $dir
      [ -d usr/$dir ] && ln -s usr/$dir $dir
    done
    rm -rf etc usr/bin usr/sbin sbin usr/share usr/lib/*/gconv usr/lib/*/audit var
    find . -name '*san*.a' -o -name '*san*.so*' -o -name '*san_preinit.o' -o -name 'libgfortran*' -o -name 'liblto_plugin*' | xargs rm -f
  '';
}
