# A POSIX shell and the small tools, all the seed's own applets, for build
# scripts that call them and for `xbuild shell`.
{ step }:
step {
  name = "userland";
  script = ''
    mkdir -p $out/bin
    cp ${../seed}/busybox $out/bin/busybox
    # The seed's `ar` only reads archives, and its network tools have no use here.
    $out/bin/busybox --list | while read -r applet; do
      case $applet in
        busybox | ar | wget | ping* | telnet* | ftp* | tftp* | nc | httpd* | udhcp* | su | login | *getty | init | halt | reboot | poweroff) continue ;;
      esac
      ln -s busybox $out/bin/$applet
    done
  '';
}
