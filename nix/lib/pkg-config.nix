# pkgconf, relocated, under the name that build scripts call.
#
# It looks into the sysroot of the machine that a build script builds for,
# which cargo names in TARGET: one program serves every target and the host.
# Without a name it finds nothing: the folders of the machine are none of its
# business. What a caller sets himself, as the crate `pkg-config` does, holds.
{
  step,
  unpack,
  packages,
  libs,
  patchelf,
  userland,
}:
let
  raw = unpack {
    name = "pkgconf-raw";
    debs = packages.set "pkgconf";
  };
in
step {
  name = "pkg-config";
  path = [ patchelf ];
  script = ''
    mkdir -p $out/bin $out/lib $out/libexec
    cp ${raw}/usr/lib/x86_64-linux-gnu/libpkgconf.so.* $out/lib/
    cp ${raw}/usr/bin/pkgconf $out/libexec/
    chmod u+w $out/libexec/pkgconf
    patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
      --force-rpath --set-rpath $out/lib:${libs}/lib $out/libexec/pkgconf
    {
      echo '#!${userland}/bin/sh'
      cat <<'END'
    target=''${TARGET:-''${CARGO_BUILD_TARGET-}}
    target=''${target//[-.]/_}
    case $target in *[!A-Za-z0-9_]*) target= ;; esac
    if [ -z "''${PKG_CONFIG_LIBDIR+set}" ]; then
      eval "PKG_CONFIG_LIBDIR=\''${PKG_CONFIG_LIBDIR_$target:-/nowhere}"
      eval "PKG_CONFIG_SYSROOT_DIR=\''${PKG_CONFIG_SYSROOT_DIR_$target-}"
      export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
    fi
    END
      echo "exec $out/libexec/pkgconf \"\$@\""
    } > $out/bin/pkg-config
    chmod +x $out/bin/pkg-config
    ln -s pkg-config $out/bin/pkgconf
    $out/bin/pkg-config --version
    # Nothing of the machine's, and what is there for the target that is named.
    mkdir a
    printf 'Name: a\nDescription: a\nVersion: 1\nprefix=/usr\nLibs: -L''${prefix}/x -la\n' > a/a.pc
    if $out/bin/pkg-config --exists a; then exit 1; fi
    found=$(TARGET=p-q-r PKG_CONFIG_LIBDIR_p_q_r=$PWD/a PKG_CONFIG_SYSROOT_DIR_p_q_r=/sysroot $out/bin/pkg-config --libs a)
    case $found in "-L/sysroot/usr/x -la"*) ;; *) echo "found: $found"; exit 1 ;; esac
  '';
}
