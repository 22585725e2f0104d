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
