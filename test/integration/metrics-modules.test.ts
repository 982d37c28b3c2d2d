// What workers load of metrics: they import the whole package, because scenarios do, and have no use for a server nor for
// what checks options and keeps numbers.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { test } from 'tap'

const node = promisify(execFile)

/** Imports the package in a process of its own, does `more`, and says whether each of these is loaded. */
async function loadedBy(more: string): Promise<string> {
  const code = `
    import { createRequire } from 'node:module'
    const populace = await import(${JSON.stringify(new URL('../../lib/index.js', import.meta.url).href)})
    ${more}
    const cached = Object.keys(createRequire(import.meta.url).cache)
    const has = name => cached.some(path => path.includes('/node_modules/' + name + '/'))
    console.log(has('prom-client'), has('zod'), process.moduleLoadList.includes('NativeModule _http_server'))`
  return (await node(process.execPath, ['--input-type=module', '-e', code])).stdout.trim()
}

test('the package loads neither prom-client nor zod nor a web server until somebody collects', async t => {
  t.equal(await loadedBy(''), 'false false false')
  t.match(await loadedBy('new populace.MetricsCollector()'), /^true true/)
})
