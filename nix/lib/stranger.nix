# What `xbuild verify` shows a second build: a library that gives programs
# another clock and another order of folders, and a userland that loads it, as
# the static one of the ordinary shell cannot.
#
# Programs of several C libraries load it, so it asks for no symbol above the
# host's default floor.
{
  step,
  unpack,
  packages,
  libs,
  patchelf,
  host,
}:
let
  raw = unpack {
    name = "busybox-raw";
    debs = packages.set "busybox";
  };
in
step {
  name = "stranger";
  path = [ patchelf ];
  script = ''
    mkdir -p $out/lib $out/bin
    ${host.cc}/bin/${host.target.clang}-clang -std=c11 -O2 -Wall -Wextra -Werror \
      -fPIC -fvisibility=hidden -fno-builtin -U_FORTIFY_SOURCE -shared \
      -o $out/lib/stranger.so ${../stranger/stranger.c}
    cp ${raw}/usr/bin/busybox $out/bin/busybox
    chmod u+w $out/bin/busybox
    patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
      --force-rpath --set-rpath ${libs}/lib $out/bin/busybox
    # It stands in for the seed's: nothing that a script may call is to be
    # missing. The two that it lacks are not in the userland.
    $out/bin/busybox --list > theirs
    ${../seed}/busybox --list | while read -r applet; do
      case $applet in busybox | telnetd) continue ;; esac
      grep -qxF "$applet" theirs || echo "$applet"
    done | tee missing
    [ ! -s missing ]
  '';
}
