# The crates of a Cargo.lock as a vendor folder: each a fixed-output path,
# named by the checksum that the lock file holds.
#
# Where nothing is seeded, Nix asks the registry's documented web address.
{ step }:
{ name, lock }:
let
  packages = (builtins.fromTOML (builtins.readFile lock)).package;
  registry = builtins.filter (
    package:
    if package ? source && !(package ? checksum) then
      throw "`${package.name}` comes from ${package.source}: only crates of a registry have a checksum to fetch them by"
    else
      package ? checksum
  ) packages;
  crate =
    package:
    let
      name = builtins.replaceStrings [ "+" ] [ "-" ] "${package.name}-${package.version}.crate";
      # The lock file names the registry by its index; the registry's own address
      # is part of that name.
      registry = builtins.head (builtins.match "registry\\+https://.*/(.+)-index" package.source);
      url = "https://${registry}/api/v1/crates/${package.name}/${package.version}/download";
    in
    import ./download.nix {
      inherit name url;
      sha256 = package.checksum;
    };
  line = package: "${crate package} ${package.checksum} ${package.name}-${package.version}\n";
in
step {
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
