import type { CallOptions, Calls } from './calls.js';
import { AsteroidAPIError, answerError, checkMs, invalid, MAX_TIMER_MS } from './errors.js';
import { fileSystem } from './file-system.js';
import type { ExecutionFile, TempFile, UploadResponse } from './types.js';

/** What can be in a file. */
export type FileData =
  | string
  | Blob
  | ArrayBuffer
  | ArrayBufferView
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/**
 * A file to upload. A string is the path of a file (Node, Deno, Bun); text is given as `[name, text]`. Bytes and
 * streams without a name get the default one.
 */
export type FileInput = string | Exclude<FileData, string> | readonly [name: string, data: FileData];

/** Options of `downloadExecutionFile`. */
export interface DownloadOptions {
  /** Aborts the download with the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * How long the download may stand still; milliseconds.
   *
   * @default 30000
   */
  timeoutMs?: number | undefined;
  /**
   * Whether folders that are missing are made.
   *
   * @default true
   */
  createDirs?: boolean | undefined;
}

const UPLOAD_TIMEOUT_MS = 600_000;
const STALL_MS = 30_000;

/** Content types by extension (IANA's registry); everything else is `application/octet-stream`. */
const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  md: 'text/markdown',
  pdf: 'application/pdf',
  png: 'image/png',
  txt: 'text/plain',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xml: 'application/xml',
  zip: 'application/zip',
};

/** @internal `POST .../context-files`, in version 1 `POST .../files`: multipart, every part named `files`. */
export async function upload(
  calls: Calls,
  executionId: string,
  files: readonly FileInput[],
  defaultFilename: string,
  options: CallOptions | undefined,
): Promise<UploadResponse> {
  const operation = calls.isV1 ? 'v1.uploadExecutionFiles' : 'uploadExecutionFiles';
  const answer = await send<unknown>(calls, operation, executionId, files, defaultFilename, options);
  if (typeof answer === 'string') return { message: answer };
  const { message, file_ids: fileIds } = (answer ?? {}) as { message?: string; file_ids?: string[] };
  return { message: message ?? '', fileIds };
}

/** @internal `POST /temp-files/{organizationId}`. */
export async function stage(
  calls: Calls,
  organizationId: string,
  files: readonly FileInput[],
  defaultFilename: string,
  options: CallOptions | undefined,
): Promise<TempFile[]> {
  const answer = await send<{ tempFiles?: TempFile[] }>(
    calls,
    'stageTempFiles',
    organizationId,
    files,
    defaultFilename,
    options,
  );
  return answer.tempFiles ?? [];
}

async function send<T>(
  calls: Calls,
  operation: string,
  id: string,
  files: readonly FileInput[],
  defaultFilename: string,
  options: CallOptions | undefined,
): Promise<T> {
  if (!Array.isArray(files)) throw invalid('files', 'takes an array');
  const body = new FormData();
  const limits = { ...options, timeoutMs: options?.timeoutMs ?? UPLOAD_TIMEOUT_MS };
  const { signal, watch, end } = patience(
    Math.min(limits.timeoutMs, limits.totalTimeoutMs ?? Infinity),
    limits.signal,
  );
  try {
    for (const [index, file] of files.entries()) {
      const { name, blob } = await watch(toPart(`files[${index}]`, file, defaultFilename, signal));
      body.append('files', blob, name);
    }
  } catch (error) {
    if (!(error instanceof Late)) throw error;
    throw answerError(operation, `of a file ${error.message}`, { kind: 'timeout' });
  } finally {
    end();
  }
  return await calls.call<T>(operation, [id], undefined, limits, { body });
}

async function toPart(
  field: string,
  file: FileInput,
  defaultFilename: string,
  signal: AbortSignal,
): Promise<{ name: string; blob: Blob }> {
  if (typeof file === 'string') {
    const files = await fileSystem();
    if (files === undefined) {
      throw invalid(field, 'is a path: needs a runtime with files');
    }
    const found = await files.open(file);
    if (found === undefined) {
      throw invalid(field, `is no path of a file: ${JSON.stringify(file)}; text is given as [name, text]`);
    }
    return { name: found.name, blob: typed(found.blob, found.name) };
  }
  if (Array.isArray(file)) {
    const [name, data] = file as readonly [unknown, FileData];
    if (typeof name !== 'string' || name === '') throw invalid(`${field}[0]`, 'takes a name');
    return { name, blob: typed(await toBlob(`${field}[1]`, data, signal), name) };
  }
  const name = file instanceof Blob && 'name' in file ? String(file.name) : defaultFilename;
  return { name, blob: typed(await toBlob(field, file as FileData, signal), name) };
}

async function toBlob(field: string, data: FileData, signal: AbortSignal): Promise<Blob> {
  if (data instanceof Blob) return data;
  if (typeof data === 'string' || data instanceof ArrayBuffer || ArrayBuffer.isView(data)) {
    return new Blob([data as BlobPart]);
  }
  const source: Source | undefined =
    data instanceof ReadableStream ? data.getReader() : data?.[Symbol.asyncIterator]?.();
  if (source === undefined) throw invalid(field, 'takes a Blob, bytes, a stream or [name, data]');
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  const chunks: BlobPart[] = [];
  try {
    for (;;) {
      const { done, value } = await Promise.race([(source.read ?? source.next)?.call(source), stopped]);
      if (done) return new Blob(chunks);
      chunks.push(value);
    }
  } catch (error) {
    (source.cancel ?? source.return)?.call(source)?.catch(() => {});
    throw error;
  }
}

/** What chunks come from: a reader of a stream, or an iterator. */
interface Source {
  // biome-ignore-start lint/suspicious/noExplicitAny: whatever is given is a part of the file
  read?(): Promise<any>;
  next?(): Promise<any>;
  // biome-ignore-end lint/suspicious/noExplicitAny: as above
  cancel?(): Promise<unknown>;
  return?(): Promise<unknown>;
}

/** With the type that its name says, unless it brings one. */
function typed(blob: Blob, name: string): Blob {
  if (blob.type !== '') return blob;
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return blob.slice(0, blob.size, TYPES[extension] ?? 'application/octet-stream');
}

/** @internal Fetches a file from where the service keeps it. The key does not go there. */
export async function download(
  calls: Calls,
  file: ExecutionFile,
  path: string | undefined,
  options: DownloadOptions | undefined,
): Promise<string | ReadableStream<Uint8Array>> {
  const { signedUrl, fileName } = file ?? {};
  if (!URL.canParse(signedUrl) || typeof fileName !== 'string') {
    throw invalid('file', 'takes a file of an execution');
  }
  const files = path === undefined ? undefined : await fileSystem();
  let target: string | undefined;
  if (path !== undefined) {
    if (files === undefined) throw invalid('path', 'needs a runtime with files');
    if (typeof path !== 'string' || path === '') throw invalid('path', 'takes a path');
    target = await files.target(path, fileName, options?.createDirs ?? true).catch((error) => {
      throw failed(file, error.message, { kind: 'internal', cause: error });
    });
    if (target === undefined) {
      throw invalid('file', `leads out of the folder: ${JSON.stringify(fileName)}`);
    }
  }
  const { signal, watch, end } = patience(options?.timeoutMs ?? STALL_MS, options?.signal);
  const failure = (error: unknown) => {
    end();
    if (options?.signal?.aborted) return options.signal.reason;
    if (error instanceof AsteroidAPIError) return error;
    const { message, syscall } = error as Error & { syscall?: string };
    // What the disk refuses has a system call, and its address is one of ours.
    const kind = syscall && /^(open|mkdir|write|rename)$/.test(syscall) ? 'internal' : 'connection';
    return failed(file, String(message ?? error).replaceAll(signedUrl, 'its address'), {
      kind,
      cause: error,
    });
  };
  try {
    const get = calls.options.fetch ?? globalThis.fetch;
    const { ok, status, headers, body } = await watch(get(signedUrl, { signal }));
    if (!ok || body === null) throw failed(file, `${status} status code`, { status, headers });
    const whole = counted(file, body, watch, end, failure);
    if (files === undefined || target === undefined) return whole;
    await files.write(target, whole);
    return target;
  } catch (error) {
    throw failure(error);
  }
}

/** Hands bytes on as they are asked for and compares their number with what the service said. */
function counted(
  file: ExecutionFile,
  body: ReadableStream<Uint8Array>,
  watch: <T>(moving: Promise<T>) => Promise<T>,
  end: () => void,
  failure: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const size: unknown = file.fileSize;
  let seen = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await watch(reader.read());
          seen += value?.byteLength ?? 0;
          // Too many are noticed at once: what comes without end would fill the disk.
          if (typeof size === 'number' && (done ? size !== seen : size < seen)) {
            throw failed(file, `${seen} bytes came, ${size} were said`, { kind: 'decode' });
          }
          if (!done) return controller.enqueue(value);
          end();
          controller.close();
        } catch (error) {
          throw failure(error);
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

function failed(file: ExecutionFile, why: string, details: object): AsteroidAPIError {
  return answerError('downloadExecutionFile', `the file ${file.id} could not be downloaded: ${why}`, details);
}

/** What is watched took too long. */
class Late extends Error {}

/** A signal that is aborted by the caller, or when what is watched takes too long. Only while somebody waits does time count. */
function patience(ms: number, outer: AbortSignal | undefined) {
  checkMs('timeoutMs', ms);
  outer?.throwIfAborted();
  const late = new AbortController();
  const { signal } = late;
  // `AbortSignal.any` is younger than the oldest browsers that this works in.
  outer?.addEventListener('abort', () => late.abort(outer.reason), { signal });
  return {
    signal,
    /** Stops listening to the caller's signal, and the request if it is still under way. */
    end: () => late.abort(),
    async watch<T>(moving: Promise<T>): Promise<T> {
      const giveUp = () => late.abort(new Late(`nothing came for ${ms} ms`));
      const timer = setTimeout(giveUp, Math.min(ms, MAX_TIMER_MS));
      try {
        return await moving;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
