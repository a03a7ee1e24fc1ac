#!/usr/bin/env bash
# xml2js 0.6.2, xml-js 1.6.11, xmlbuilder2 4.0.3 and data2xml 1.3.4 (npm): a Date is written as an empty element.
#
# A Date has no properties of its own that could become elements, so an object with a last day comes out as if it had
# none, without an error. Whoever writes XML from rows of a database, whose drivers give Dates, writes a list of people
# none of whom leaves. fast-xml-parser 5.12.1 writes what JavaScript shows, in the zone of the machine.
#
# Seen: xml2js <lastDay/>; xml-js <lastDay/>; xmlbuilder2 <lastDay/>; data2xml <lastDay></lastDay>;
#       fast-xml-parser <lastDay>Thu Dec 31 2026 00:00:00 GMT+0000 (Coordinated Universal Time)</lastDay>
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund xml2js@0.6.2 xml-js@1.6.11 xmlbuilder2@4.0.3 data2xml@1.3.4 \
  fast-xml-parser@5.12.1 >/dev/null
cat >write.js <<'JS'
const worker = { id: "00017", lastDay: new Date(Date.UTC(2026, 11, 31)) };
const { Builder } = require("xml2js");
const { XMLBuilder } = require("fast-xml-parser");
const written = {
  "xml2js": new Builder().buildObject({ worker }),
  "xml-js": require("xml-js").js2xml({ worker }, { compact: true }),
  "xmlbuilder2": require("xmlbuilder2").create({ worker }).end(),
  "data2xml": require("data2xml")()("worker", worker),
  "fast-xml-parser": new XMLBuilder().build({ worker }),
};
for (const [name, text] of Object.entries(written)) {
  console.log(name, /<id>00017<\/id>\s*(<lastDay.*(\/>|<\/lastDay>))/.exec(text)[1]);
}
JS
seen=$(TZ=UTC node write.js)
echo "$seen"
test "$seen" = "xml2js <lastDay/>
xml-js <lastDay/>
xmlbuilder2 <lastDay/>
data2xml <lastDay></lastDay>
fast-xml-parser <lastDay>Thu Dec 31 2026 00:00:00 GMT+0000 (Coordinated Universal Time)</lastDay>"
