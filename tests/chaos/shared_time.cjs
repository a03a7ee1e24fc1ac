// Gives a Node process the time of the chaos test: the system's, moved by as many seconds as a file says.
// Loaded with --require; the file is named in CHAOS_TIME and holds one double, little-endian.
const fs = require("fs");

const SystemDate = Date;
const file = fs.openSync(process.env.CHAOS_TIME, "r");
const buffer = Buffer.alloc(8);

class SharedDate extends SystemDate {
  constructor(...parts) {
    if (parts.length) super(...parts);
    else super(SharedDate.now());
  }

  static now() {
    fs.readSync(file, buffer, 0, 8, 0);
    return SystemDate.now() + Math.round(buffer.readDoubleLE(0) * 1000);
  }

  static [Symbol.hasInstance](value) {
    return value instanceof SystemDate;
  }
}

globalThis.Date = SharedDate;
