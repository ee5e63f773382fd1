// run.js MODULE: runs the tests of a WebAssembly module. Exits with the status that it sets.
const crypto = require('crypto')
const fs = require('fs')

let memory
const bytes = (at, len) => new Uint8Array(memory.buffer, at, len)
const host = {
  print: (at, len) => fs.writeSync(1, bytes(at, len)),
  random: (at, len) => crypto.randomFillSync(bytes(at, len)),
  exit: status => process.exit(status),
}
const module_ = new WebAssembly.Module(fs.readFileSync(process.argv[2]))
const instance = new WebAssembly.Instance(module_, { host })
memory = instance.exports.memory
instance.exports.main(0, 0)
throw new Error('the tests did not end')
