// Unpacks the files of @sparticuz/chromium that Notes uses: node unpack.mjs FOLDER
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const carried = new URL("node_modules/@sparticuz/chromium/bin/", import.meta.url);
const folder = process.argv[2];

for (const name of ["chromium", "al2023.tar", "fonts.tar", "swiftshader.tar"]) {
  try {
    await pipeline(
      createReadStream(new URL(`${name}.br`, carried)),
      createBrotliDecompress(),
      createWriteStream(join(folder, name)),
    );
  } catch (error) {
    console.error(`${name}.br: ${error.message}`);
    process.exit(1);
  }
}
