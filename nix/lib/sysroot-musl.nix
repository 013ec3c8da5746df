# musl, the kernel's headers, GCC's start files and LLVM's unwinder for one
# architecture, laid out as a plain sysroot.
{
  step,
  unpack,
  packages,
  llvm,
}:
target:
let
  raw = unpack {
    name = "musl-raw-${target.arch}";
    debs = packages.set "musl-${target.arch}";
  };
in
step {
  name = "sysroot-${target.triple}";
  path = [ llvm ];
  script = ''
    musl=${target.multiarch}
    gnu=$(basename $(dirname $(find ${raw}/usr/lib -name libunwind.a -type f)))
    mkdir -p $out/usr/include $out/usr/lib/gcc/$musl/14
    cp -rL ${raw}/usr/include/$musl/. $out/usr/include/
    for headers in linux asm-generic mtd rdma scsi sound video; do
      [ ! -d ${raw}/usr/include/$headers ] || [ -e $out/usr/include/$headers ] || cp -rL ${raw}/usr/include/$headers $out/usr/include/
    done
    cp -rL ${raw}/usr/include/$gnu/asm $out/usr/include/asm
    cp ${raw}/usr/lib/$musl/*.o ${raw}/usr/lib/$musl/*.a $out/usr/lib/
    for part in crtbegin.o crtbeginS.o crtbeginT.o crtend.o crtendS.o libgcc.a libatomic.a; do
      cp ${raw}/usr/lib/gcc/$gnu/14/$part $out/usr/lib/gcc/$musl/14/
    done
    chmod -R u+w $out
    ln -s usr/lib $out/lib
    # C code may call for libgcc_eh; here LLVM's unwinder does that work, as
    # GCC's crashes in static musl programs.
    cp ${raw}/usr/lib/$gnu/libunwind.a $out/usr/lib/libunwind.a
    chmod u+w $out/usr/lib/libunwind.a
    clang --target=${target.clang} --sysroot=$out -O2 -fPIC -ffile-prefix-map=$PWD=. -c ${../sysroot}/fortify.c -o fortify.o
    llvm-ar rcsD $out/usr/lib/libunwind.a fortify.o
    echo 'GROUP ( libunwind.a )' > $out/usr/lib/libgcc_eh.a
  '';
}
