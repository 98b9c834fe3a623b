// Where the page begins: the token, the colours, the feed, and drawing whenever something has changed.

import { render } from 'preact';
import { Feed } from './feed/feed.ts';
import { takeToken } from './feed/token.ts';
import { applyTheme, watchSystem } from './inks.ts';
import { closeOpened, moveFocus } from './keys.ts';
import { Page } from './page.tsx';

const place = document.getElementById('page');
if (place === null) throw new Error('index.html has no place for the page');

document.addEventListener('keydown', moveFocus);
document.addEventListener('keydown', closeOpened);
applyTheme();
watchSystem();

const feed = new Feed(takeToken(), draw);
draw();
feed.start();
// Whoever comes back to the page, or gets a network again, waits for nothing.
for (const event of ['online', 'visibilitychange']) {
  addEventListener(event, () => feed.tryNow());
}

function draw(): void {
  if (place) render(<Page feed={feed} seen={feed.seen} line={feed.line} />, place);
}
