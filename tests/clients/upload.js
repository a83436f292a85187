// Uploads a file with tus-js-client, as its one argument (JSON) says, and prints the outcome as JSON:
//   {endpoint, key, path, chunkSize?, parallel?, deferred?, abortAt?, retries?}
// Run by tests/flow/test_tus_clients.py, which serves the endpoint and looks at what was kept.

import { createReadStream, statSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { Upload } from 'tus-js-client'

const given = JSON.parse(process.argv[2])
let mediaId = null
let requests = 0

function options(done, failed) {
  return {
    endpoint: given.endpoint,
    headers: { 'X-API-Key': given.key },
    metadata: { filename: 'notes.txt', category: 'other' },
    chunkSize: given.chunkSize ?? Infinity,
    parallelUploads: given.parallel ?? 1,
    uploadLengthDeferred: given.deferred ?? false,
    uploadSize: given.deferred || given.parallel ? undefined : statSync(given.path).size,
    retryDelays: Array(given.retries ?? 0).fill(20),
    onAfterResponse(_request, response) {
      requests += 1
      mediaId = response.getHeader('Mediagate-Media-ID') ?? mediaId
    },
    onSuccess: done,
    onError: failed,
  }
}

// A file's length would be known: what is deferred is that of a stream.
function source() {
  const file = createReadStream(given.path)
  return given.deferred ? file.pipe(new PassThrough()) : file
}

function upload(more = {}) {
  return new Promise((resolve, reject) => {
    const running = new Upload(source(), { ...options(() => resolve(running), reject), ...more })
    running.start()
  })
}

// Stops in the middle, and goes on with another object that knows only the URL.
async function abortedAndResumed() {
  const url = await new Promise((resolve, reject) => {
    const first = new Upload(source(), {
      ...options(() => reject(new Error('it was not aborted')), reject),
      onChunkComplete(_size, accepted) {
        if (accepted >= given.abortAt) first.abort().then(() => resolve(first.url), reject)
      },
    })
    first.start()
  })
  return upload({ uploadUrl: url })
}

const finished = given.abortAt ? await abortedAndResumed() : await upload()
console.log(JSON.stringify({ url: finished.url, mediaId: mediaId && Number(mediaId), requests }))
