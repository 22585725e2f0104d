/** The status of a task whose result is a list of things found on a page: JSON text of about that many bytes. */
export function bodyOf(bytes) {
  const result = [];
  const status = { data: { status: 'COMPLETED', result } };
  for (let length = JSON.stringify(status).length; length < bytes; ) {
    const n = result.length;
    const found = {
      title: `Thing number ${n}`,
      url: `https://example.com/things/${n}`,
      price: n * 1.25,
      inStock: n % 3 !== 0,
      tags: ['found', n % 2 ? 'odd' : 'even'],
      note: n % 10 === 0 ? 'größer als “die anderen” – 42 €' : null,
    };
    result.push(found);
    length += JSON.stringify(found).length + 1;
  }
  return JSON.stringify(status);
}

/** Asteroid's answer about an execution that runs: what its clients old and new cannot do without. */
export const execution = JSON.stringify({
  id: 'poll',
  status: 'running',
  agentId: 'agent',
  agentName: 'Headings',
  agentVersion: 3,
  agentVersionDirty: false,
  workflowId: 'workflow',
  workflowName: 'Headings',
  workflowVersionId: 'version-3',
  organizationId: 'organization',
  createdAt: '2026-11-24T12:00:00.000Z',
  startedAt: '2026-11-24T12:00:01.000Z',
  hasBeenRerun: false,
  inputs: { site: 'https://example.com' },
  comments: [],
  humanLabels: [],
});

/** AgentBay's answer about a task that runs: what the tool says is text inside its envelope. */
export const toolAnswer = JSON.stringify({
  RequestId: '0B5C1E5E-6D3C-5A1C-9A51-3F2B5C0F6C11',
  HttpStatusCode: 200,
  Code: 'ok',
  Message: 'success',
  Success: true,
  Data: {
    content: [
      {
        type: 'text',
        text: '{"task_id":"poll","status":"running","action":"Reading the page","product":""}',
      },
    ],
    isError: false,
  },
});
