// fetch.mjs MODULE: serves a compressed text in small chunks, fetches it, decodes it with the
// WebAssembly module, and fails if the text differs.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'

const wanted = Array.from({ length: 20000 }, (_, i) => `line ${i * 2654435761 % 1000003}\n`).join('')
const server = createServer(async (request, response) => {
  const data = gzipSync(wanted)
  for (let at = 0; at < data.length; at += 1000) {
    response.write(data.subarray(at, at + 1000))
    await new Promise(setImmediate)
  }
  response.end()
}).listen(0, '127.0.0.1')
await new Promise(done => server.once('listening', done))

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {})
const { memory, allocate, chunk, end, text } = instance.exports
const response = await fetch(`http://127.0.0.1:${server.address().port}/`)
let chunks = 0
for await (const piece of response.body) {
  const at = allocate(piece.length)
  new Uint8Array(memory.buffer, at, piece.length).set(piece)
  chunk(at, piece.length)
  chunks += 1
}
const length = end()
const decoded = new TextDecoder().decode(new Uint8Array(memory.buffer, text(), length))
server.close()
if (decoded !== wanted) throw new Error(`the text differs: ${decoded.slice(0, 200)}`)
console.log(`decoded ${length} bytes from ${chunks} chunks of fetch`)
