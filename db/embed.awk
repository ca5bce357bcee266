# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes one C table of the files of schema/sql, given in order. A name is NNNN-DATABASE.sql or
# NNNN-DATABASE-WHAT.sql; NNNN becomes the user_version. A line "-- schema: HEX" is the digest of the schema after the step.
BEGIN {
        print "/* Made by db/embed.awk from schema/sql: do not edit. */"
        print "#include \"db/schema.h\"\n"
        print "const Migration migrations[] = {"
}
FNR == 1 {
        if (n_files++)
                printf "          \"\", \"%s\" },\n", digest
        digest = ""
        name = FILENAME
        sub(/.*\//, "", name)
        sub(/\.sql$/, "", name)
        split(name, part, "-")
        printf "        { %d, DATABASE_%s, \"%s\",\n", part[1], toupper(part[2]), name
}
/^-- schema: / { digest = $3 }
{
        gsub(/\\/, "\\\\")
        gsub(/"/, "\\\"")
        printf "          \"%s\\n\"\n", $0
}
END {
        printf "          \"\", \"%s\" },\n", digest
        print "        { 0, DATABASE_STATE, NULL, NULL, NULL },\n};"
}
