# SPDX-License-Identifier: LGPL-2.1-or-later
# The contracts with others.
varlinkdir = $(datadir)/varlink
dist_varlink_DATA = schema/varlink/org.discfw.varlink

catalogschemadir = $(pkgdatadir)/schema
dist_catalogschema_DATA = schema/catalog/entry.schema.json
