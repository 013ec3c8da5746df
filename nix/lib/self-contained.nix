# The end of a builder of a musl std: where rustc looks for the parts of a
# self-contained static program, taken from the sysroot.
sysroot: ''
  # Where rustc looks for the parts of a self-contained static program.
  cd ${sysroot}/usr/lib
  cp crt1.o rcrt1.o crti.o crtn.o libc.a libunwind.a $out/lib/self-contained/
  cp gcc/*/14/crtbegin.o gcc/*/14/crtbeginS.o gcc/*/14/crtend.o gcc/*/14/crtendS.o $out/lib/self-contained/''
