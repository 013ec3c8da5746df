# The crates of a Cargo.lock as a vendor folder, with those of a standard library
# that an xbuild.lock pins: each a fixed-output path, named by its checksum.
#
# Where nothing is seeded, Nix asks the registry's documented web address.
{ step }:
{
  name,
  lock ? null,
  std ? [ ],
}:
let
  packages =
    (if lock == null then [ ] else (builtins.fromTOML (builtins.readFile lock)).package)
    ++ map (one: {
      inherit (one) name version;
      checksum = one.sha256;
      source = "registry+https://github.com/rust-lang/crates.io-index";
    }) std;
  registry = builtins.filter (
    package:
    if package ? source && !(package ? checksum) then
      throw "`${package.name}` comes from ${package.source}: only crates of a registry have a checksum to fetch them by"
    else
      package ? checksum
  ) packages;
  # The lock file names the registry by its index; the registry's own address is
  # part of that name.
  host =
    package: builtins.head (builtins.match "registry\\+https://.*/(.+)-index" package.source);
  crate =
    package:
    let
      name = builtins.replaceStrings [ "+" ] [ "-" ] "${package.name}-${package.version}.crate";
      url = "https://${host package}/api/v1/crates/${package.name}/${package.version}/download";
    in
    import ./download.nix {
      inherit name url;
      sha256 = package.checksum;
    };
  line = package: "${crate package} ${package.checksum} ${package.name}-${package.version}\n";
in
{
  # Below `registry/src` in a cargo home: where cargo unpacks these crates. The
  # number is its hash of the index's address.
  folder =
    if registry == [ ] then
      "none"
    else
      "index.${host (builtins.head registry)}-1949cf8c6b5b557f";
}
// step {
  name = "${name}-crates";
  passAsFile = [ "list" ];
  list = builtins.concatStringsSep "" (map line registry);
  script = ''
    mkdir $out
    cd $out
    while read -r crate checksum folder; do
      gunzip -c $crate | tar -x -f -
      printf '{"files":{},"package":"%s"}' $checksum > $folder/.cargo-checksum.json
    done < $listPath
  '';
}
