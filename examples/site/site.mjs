// The pages of a small tea shop: what the examples, the demo and the tests let an agent read and fill in.
// Plain functions from a path to HTML, so that a test can say what a task should find.

export const teas = [
  ['misty-ridge', 'Misty Ridge Oolong', 14.5, 'Taiwan', 'Rolled leaves with a floral, buttery cup.'],
  [
    'first-flush',
    'First Flush Darjeeling',
    18.0,
    'India',
    'Light and brisk, picked in the last week of March.',
  ],
  [
    'smoked-pine',
    'Smoked Pine Souchong',
    11.9,
    'China',
    'Dried over pinewood fires; a tea for cold evenings.',
  ],
  ['sencha-asa', 'Sencha Asa', 16.25, 'Japan', 'Deep-steamed and bright green, with a taste of the sea.'],
  ['golden-tips', 'Golden Tips Assam', 12.75, 'India', 'Malty and strong enough for milk.'],
  ['white-peony', 'White Peony', 15.4, 'China', 'Young leaves and buds, withered in the sun.'],
  ['genmai', 'Genmaicha', 9.8, 'Japan', 'Green tea with roasted rice.'],
  ['high-grown', 'High Grown Ceylon', 10.6, 'Sri Lanka', 'Copper-coloured, with a hint of citrus.'],
  ['kenya-purple', 'Purple Leaf', 17.3, 'Kenya', 'From a rare purple cultivar of the Nandi Hills.'],
  ['pu-erh-2012', 'Ripe Pu-erh 2012', 24.0, 'China', 'Aged for more than ten years; earthy and smooth.'],
].map(([slug, name, price, origin, description]) => ({ slug, name, price, origin, description }));

/** The one customer who can sign in. */
export const customer = { name: 'ada', password: 'grüner Tee, 1987' };

/** The HTML of a path, or `undefined` where the shop has no page. `form` is what was sent to it. */
export function page(path, form = new URLSearchParams()) {
  const plain = path.replace(/\/+$/, '') || '/';
  const tea = teas.find(({ slug }) => plain === `/teas/${slug}`);
  return tea ? teaPage(tea) : pages[plain]?.(form);
}

/** What the shop offers to be kept: path, file name, content. */
export const files = {
  '/prices.csv': {
    name: 'prices.csv',
    type: 'text/csv; charset=utf-8',
    text: ['tea,price', ...teas.map(({ name, price }) => `${name},${price.toFixed(2)}`), ''].join('\n'),
  },
};

const pages = {
  '/': () =>
    layout(
      'Alder & Ash, tea merchants',
      `<h1>Tea from gardens we have walked through</h1>
       <p>Alder &amp; Ash has bought tea straight from its growers since 1987.</p>
       <p>Every tin names the garden, the season and the people who made it.</p>
       <h2>This week</h2>
       <ul><li>New harvest: First Flush Darjeeling</li><li>Last tins: Ripe Pu-erh 2012</li></ul>`,
    ),
  '/teas': () =>
    layout(
      'All teas',
      `<h1>All teas</h1><p>Ten teas, all in stock.</p>
       <ul class="teas">${teas.map((tea) => `<li><a href="/teas/${tea.slug}">${tea.name}</a></li>`).join('')}</ul>`,
    ),
  '/shipping': () =>
    layout(
      'Shipping',
      `<h1>Shipping</h1><p>We ship on every working day; what is ordered before noon leaves the same day.</p>
       <table><caption>Rates</caption>
         <thead><tr><th>Destination</th><th>Days</th><th>Price</th></tr></thead>
         <tbody>
           <tr><td>Germany</td><td>1–2</td><td>4.90</td></tr>
           <tr><td>European Union</td><td>2–5</td><td>9.50</td></tr>
           <tr><td>Elsewhere</td><td>5–14</td><td>18.00</td></tr>
         </tbody></table>`,
    ),
  '/order': () =>
    layout(
      'Order',
      `<h1>Order</h1><p>Tell us who you are; we write back within a day.</p>
       <form action="/thanks" method="get">
         <p><label>Name <input name="name" required></label></p>
         <p><label for="email">Email</label> <input id="email" name="email" type="email"></p>
         <p><label>Tea <select name="tea">${teas.map((tea) => `<option>${tea.name}</option>`).join('')}</select></label></p>
         <p><label><input type="checkbox" name="gift"> Wrap it as a gift</label></p>
         <p><button type="submit">Send order</button></p>
       </form>`,
    ),
  '/thanks': () =>
    layout(
      'Thank you',
      `<h1>Thank you</h1><p id="note"></p>
       <script>
         const order = new URLSearchParams(location.search);
         document.getElementById('note').textContent =
           order.get('name') + ', your order of ' + order.get('tea') + ' is on its way.';
       </script>`,
    ),
  '/growers': () =>
    layout('For growers', `<h1>For growers</h1><p><a href="/prices.csv">Price list</a></p>${invoiceForm}`),
  '/login': () =>
    layout(
      'Sign in',
      `<h1>Sign in</h1>
       <form action="/account" method="post">
         <p><label>User name <input name="name" autocomplete="username"></label></p>
         <p><label>Password <input name="password" type="password"></label></p>
         <p><button type="submit">Sign in</button></p>
       </form>
       <p id="greeting"></p>
       <script>
         const visit = /\\bvisited=([^;]*)/.exec(document.cookie);
         document.getElementById('greeting').textContent = visit
           ? 'You were here before: ' + visit[1]
           : 'Welcome to the shop';
       </script>`,
    ),
  '/account': (form) =>
    form.get('name') === customer.name && form.get('password') === customer.password
      ? layout('Your account', '<h1>Welcome back, Ada</h1><dl><dt>Last order</dt><dd>Sencha Asa</dd></dl>')
      : layout('Sign in', '<h1>Sign in</h1><p role="alert">Wrong user name or password</p>'),
};

/** Reads the file in the page itself, so that what it shows is what arrived there. */
const invoiceForm = `<form id="invoice">
  <p><label>Invoice <input name="invoice" type="file"></label></p>
  <p><label>Order number <input name="order"></label></p>
  <p><button type="submit">Send invoice</button></p>
</form>
<p id="receipt"></p>
<script>
  const form = document.getElementById('invoice');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const [file] = form.elements.invoice.files;
    const [line] = file ? (await file.text()).split('\\n') : ['no file'];
    document.getElementById('receipt').textContent =
      'Order ' + form.elements.order.value + ', ' + (file ? file.name : '') + ': ' + line;
  });
</script>`;

function teaPage({ name, price, origin, description }) {
  return layout(
    name,
    `<h1>${name}</h1><p>${description}</p>
     <dl><dt>Name</dt><dd>${name}</dd><dt>Price</dt><dd>${price.toFixed(2)}</dd><dt>Origin</dt><dd>${origin}</dd></dl>`,
  );
}

function layout(title, body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>
<nav><a href="/">Home</a> <a href="/teas">Teas</a> <a href="/shipping">Shipping</a> <a href="/order">Order</a></nav>
<main>${body}</main></body></html>`;
}
