# A file by its URL and SHA-256, as a fixed-output path: where it comes from
# never changes what is built from it.
{
  name,
  url,
  sha256,
}:
derivation {
  inherit name url;
  urls = [ url ];
  system = "builtin";
  builder = "builtin:fetchurl";
  executable = false;
  unpack = false;
  preferLocalBuild = true;
  outputHashMode = "flat";
  outputHashAlgo = "sha256";
  outputHash = sha256;
}
