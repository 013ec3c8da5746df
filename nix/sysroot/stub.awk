# Reads `llvm-readelf --dyn-syms -W` of a shared library and writes what is
# needed to link a stub of it: assembly (to ASM) and a version script (to MAP).
#
# A symbol is kept where the library has a default version of it and some
# version that is not above FLOOR; the highest such version becomes its only
# one. Data keeps its size, and names of one address stay one object, or copy
# relocations in non-PIE programs would part `environ` from `__environ`.

function number(version,    part) {
  # The compiler's runtime has versions of its own, which bound no floor.
  if (version ~ /^GCC_[0-9.]+$/) return 0
  if (version !~ /^GLIBC_[0-9]+\.[0-9]+(\.[0-9]+)?$/) return -1
  sub(/^GLIBC_/, "", version)
  split(version, part, ".")
  return (part[1] * 1000 + part[2]) * 1000 + part[3]
}

BEGIN {
  limit = number("GLIBC_" FLOOR)
}

# Num: Value Size Type Bind Vis [other] Ndx Name
$1 ~ /^[0-9]+:$/ && $(NF - 1) != "UND" && $(NF - 1) != "ABS" && index($NF, "@") {
  at = index($NF, "@")
  name = substr($NF, 1, at - 1)
  version = substr($NF, at)
  is_default = version ~ /^@@/
  if (is_default) preferred[name] = 1
  sub(/^@+/, "", version)
  rank = number(version)
  if (rank < 0 || rank > limit) next
  if (!(name in best) || rank > best[name] || is_default && rank == best[name]) {
    best[name] = rank
    label[name] = version
    value[name] = $2
    size[name] = $3 ~ /^0x/ ? $3 : $3 + 0
    type[name] = $4
  }
}

END {
  count = 0
  for (name in best) if (name in preferred) names[++count] = name
  # An insertion sort would be slow here; a heap keeps it short and portable.
  for (i = int(count / 2); i >= 1; i--) sift(i, count)
  for (i = count; i > 1; i--) {
    swap = names[1]; names[1] = names[i]; names[i] = swap
    sift(1, i - 1)
  }

  print ".text" > ASM
  print "// " count " symbols up to GLIBC_" FLOOR > ASM
  for (i = 1; i <= count; i++) {
    name = names[i]
    by_version[label[name]] = by_version[label[name]] "    \"" name "\";\n"
    if (type[name] == "OBJECT" || type[name] == "TLS") {
      key = type[name] " " value[name]
      if (!(key in group)) order[++groups] = key
      group[key] = group[key] " " name
      if (size[name] > extent[key]) extent[key] = size[name]
    } else {
      print ".globl \"" name "\"\n.type \"" name "\",%function\n\"" name "\":" > ASM
    }
  }
  for (g = 1; g <= groups; g++) {
    key = order[g]
    tls = key ~ /^TLS/
    print (tls ? ".section .tbss,\"awT\",%nobits" : ".data") "\n.balign 16" > ASM
    n = split(group[key], alias, " ")
    for (j = 1; j <= n; j++) {
      print ".globl \"" alias[j] "\"\n.type \"" alias[j] "\",%" (tls ? "tls_object" : "object") > ASM
      print ".size \"" alias[j] "\"," size[alias[j]] "\n\"" alias[j] "\":" > ASM
    }
    print ".zero " (extent[key] > 0 ? extent[key] : 1) > ASM
  }
  print ".section .note.GNU-stack,\"\",%progbits" > ASM

  printf "" > MAP
  rest = "  local:\n    *;\n"
  for (version in by_version) {
    print version " {\n  global:\n" by_version[version] rest "};" > MAP
    rest = ""
  }
}

function sift(root, last,    child, swap) {
  while ((child = 2 * root) <= last) {
    if (child < last && names[child + 1] > names[child]) child++
    if (names[root] >= names[child]) return
    swap = names[root]; names[root] = names[child]; names[child] = swap
    root = child
  }
}
