# clang, lld and the binary tools, relocated. One copy serves every target.
{
  step,
  raw,
  libs,
  patchelf,
}:
step {
  name = "llvm";
  path = [ patchelf ];
  script = ''
    from=${raw}/usr/lib/llvm-22
    mkdir -p $out/bin $out/lib/clang/22
    for program in clang lld llvm-ar llvm-nm llvm-objcopy llvm-readobj llvm-objdump llvm-symbolizer; do
      cp $from/bin/$program $out/bin/
      chmod u+w $out/bin/$program
      patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
        --force-rpath --set-rpath ${libs}/lib $out/bin/$program
    done
    cd $out/bin
    ln -s clang clang++
    ln -s lld ld.lld
    ln -s llvm-ar llvm-ranlib
    ln -s llvm-objcopy llvm-strip
    ln -s llvm-readobj llvm-readelf
    cp -r $from/lib/clang/22/include $out/lib/clang/22/
    ./clang --version
    ./ld.lld --version
  '';
}
