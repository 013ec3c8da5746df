# A build step run by the seed's shell: a script, its inputs, nothing else.
#
# The seed picks its applet by the name it is called by, so `sh` comes first
# and the applets are linked into a folder on PATH.
{
  name,
  script,
  path ? [ ],
  ...
}@args:
let
  seed = "${../seed}/busybox";
in
derivation (
  removeAttrs args [
    "script"
    "path"
  ]
  // {
    system = "x86_64-linux";
    builder = seed;
    args = [
      "sh"
      "-euc"
      ''
        set -o pipefail
        umask 022
        ${seed} mkdir applets
        ${seed} --install -s applets
        export PATH=${builtins.concatStringsSep ":" (map (p: "${p}/bin") path ++ [ "$PWD/applets" ])}
        export HOME=$PWD TMPDIR=$PWD TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1
        ${script}
      ''
    ];
  }
)
