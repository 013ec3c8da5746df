# Proves, without a network, that the committed pins follow from the signed
# releases beside them: the indexes come as fixed outputs of the hashes in
# those releases, and `xbuild pins check` does the rest.
{
  step,
  packages,
  xbuild,
}:
let
  inherit (packages) pins;
  suites = builtins.attrNames pins.suites;
  # Every architecture that something is pinned from has an index of its own.
  indexes =
    suite:
    let
      lines = builtins.filter builtins.isString (
        builtins.split "\n" (builtins.readFile (../pins + "/${suite}.InRelease"))
      );
      entry = builtins.match " ([0-9a-f]{64}) +[0-9]+ (main/(binary-[a-z0-9]+/Packages|source/Sources)\\.xz)";
      matches = builtins.filter (found: found != null) (map entry lines);
    in
    map (found: {
      sha256 = builtins.elemAt found 0;
      file = packages.fetch {
        inherit suite;
        path = "dists/${suite}/${builtins.elemAt found 1}";
        sha256 = builtins.elemAt found 0;
      };
    }) (builtins.filter (found: wanted suite (builtins.elemAt found 1)) matches);
  wanted =
    suite: path:
    builtins.any (arch: path == "main/binary-${arch}/Packages.xz") (architectures suite)
    || path == "main/source/Sources.xz" && hasSources suite;
  hasSources =
    suite: builtins.any (pin: pin.suite == suite && pin.arch == "source") (builtins.attrValues pins.packages);
  architectures =
    suite:
    map (name: builtins.elemAt (builtins.match "sysroot-${suite}-(.*)" name) 0) (
      builtins.filter (name: builtins.match "sysroot-${suite}-(.*)" name != null) (
        builtins.attrNames pins.sets
      )
    );
  seed = "trixie/amd64/busybox-static";
  files = builtins.concatMap indexes suites ++ [
    {
      inherit (pins.packages.${seed}) sha256;
      file = packages.package seed;
    }
  ];
in
step {
  name = "check-pins";
  path = [ xbuild ];
  nix = ../.;
  passAsFile = [ "list" ];
  list = builtins.concatStringsSep "" (map (entry: "${entry.sha256} ${entry.file}\n") files);
  script = ''
    mkdir -p root home/cache/downloads
    ln -s $nix root/nix
    while read -r sha256 file; do
      folder=home/cache/downloads/$(echo $sha256 | cut -c1-2)
      mkdir -p $folder
      ln -s $file $folder/$sha256
    done < $listPath
    export XBUILD_HOME=$PWD/home
    xbuild pins check --offline --root root
    touch $out
  '';
}
