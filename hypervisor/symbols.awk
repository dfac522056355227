# nm -n output -> assembly of the table that x86/symbols.c searches:
# symbol_count, symbol_offset[] from hv_start, symbol_name_at[] into
# symbol_names. Only code is listed; input is sorted by address.
BEGIN {
	print ".section .symbols, \"a\""
	print ".globl symbol_count, symbol_offset, symbol_name_at, symbol_names"
}

$3 == "hv_start" {
	base = 1
	print ".align 8"
	print "symbol_offset:"
}

base && $2 ~ /^[tT]$/ && $3 !~ /^\./ && $3 != last {
	last = $3
	offset[n] = substr($1, 9)
	name[n++] = $3
}

END {
	if (!base)
		print "symbol_offset:"
	for (i = 0; i < n; i++)
		printf "\t.long 0x%s - 0x80100000\n", offset[i]
	print "symbol_name_at:"
	for (i = 0; i < n; i++) {
		printf "\t.long %d\n", at
		at += length(name[i]) + 1
	}
	print "symbol_count:"
	printf "\t.long %d\n", n
	print "symbol_names:"
	for (i = 0; i < n; i++)
		printf "\t.asciz \"%s\"\n", name[i]
	print ".section .note.GNU-stack, \"\", @progbits"
}
