# A target's standard library built from the source of the same rustc, for
# targets that whoever ships that rustc ships none for. Its dependencies are in
# `library/vendor` of that source, so nothing is fetched.
#
#   source  the source's package, a variable of the builder
#   unpack  lays its library out below usr/src/rustc-RELEASE
#   links   what stands below lib/rustlib of the compiler, but for the source
{
  step,
  llvm,
  userland,
  hostCc,
}:
{
  rust,
  source,
  unpack,
  links ? "${rust}/lib/rustlib/*",
  target,
  cc,
  sysroot,
}:
let
  upper = import ./upper.nix;
in
step {
  name = "std-${target.triple}";
  path = [
    llvm
    userland
  ];
  inherit source;
  script = ''
    ${unpack}
    src=$PWD/usr/src/rustc-${rust.release}

    # cargo looks for the source below the compiler's sysroot: a folder of
    # links stands in for one.
    root=$PWD/sysroot
    mkdir -p $root/bin $root/lib/rustlib/src
    for part in ${links}; do ln -s $part $root/lib/rustlib/; done
    ln -s $src $root/lib/rustlib/src/rust
    # A program that aborts on panic takes only a crate that was compiled to, as
    # Rust's own build of its releases does it.
    printf '#!${userland}/bin/sh\nfor word; do if [ "$word" = panic_abort ]; then set -- "$@" -Cpanic=abort; fi; done\nexec ${rust}/bin/rustc --sysroot %s "$@"\n' $root > $root/bin/rustc
    chmod +x $root/bin/rustc

    mkdir -p stub/src
    cd stub
    printf '[package]\nname = "stub"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' > Cargo.toml
    : > src/lib.rs
    export RUSTC=$root/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_HOME=$PWD/cargo
    export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=${hostCc}/bin/x86_64-linux-gnu-clang
    export CARGO_TARGET_${upper target.triple}_LINKER=${cc}/bin/${target.clang}-clang
    # Bitcode for users' LTO; no path of this build in what they link.
    export RUSTFLAGS="-Cembed-bitcode=yes --remap-path-prefix=$root/lib/rustlib/src/rust=/usr/src/rustc-${rust.release} --remap-path-prefix=$src=/usr/src/rustc-${rust.release} --remap-path-prefix=$PWD=/build/stub"
    ${rust}/bin/cargo build --offline --release --target ${target.triple} \
      -Zbuild-std=core,alloc,std,panic_abort,panic_unwind,proc_macro,test \
      -Zbuild-std-features=backtrace,panic-unwind \
      --config 'source.crates-io.replace-with="vendored"' \
      --config "source.vendored.directory=\"$src/library/vendor\""

    mkdir -p $out/lib/self-contained
    cp target/${target.triple}/release/deps/*.rlib $out/lib/
    rm -f $out/lib/libstub-*
    ${import ./self-contained.nix sysroot}
    ls -l $out/lib
  '';
}
