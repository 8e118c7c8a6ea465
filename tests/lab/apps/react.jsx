// One app for the React captures: what it does is chosen by the query of its address.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { StreamChat } from 'stream-chat';
import { useCreateChatClient } from 'stream-chat-react';

const asked = new URLSearchParams(location.search);
const ADDRESS = location.origin.replace('http', 'ws') + '/feed';
const KEY = 'labkey';
const created = () => new StreamChat(KEY, { baseURL: location.origin });

/** No clean-up at all. */
function Ticker() {
  React.useEffect(() => { new WebSocket(ADDRESS); }, []);
  return null;
}

/** Closes what it opened, once it has heard the next three messages: a socket that is still connecting, too. */
function CleanTicker() {
  React.useEffect(() => {
    const socket = new WebSocket(ADDRESS);
    return () => {
      let heard = 0;
      socket.addEventListener('message', () => { if (++heard === 3) socket.close(); });
    };
  }, []);
  return null;
}

/** As Stream's documentation has it, without a hook: connectUser, disconnectUser. */
function Chat() {
  React.useEffect(() => {
    const client = created();
    client.connectUser({ id: 'alice' }, client.devToken('alice'));
    return () => { client.disconnectUser(); };
  }, []);
  return null;
}

/** Never disconnects. */
function LeakyChat() {
  React.useEffect(() => {
    const client = created();
    client.connectUser({ id: 'alice' }, client.devToken('alice'));
  }, []);
  return null;
}

/** Stream's own hook. */
function HookChat() {
  useCreateChatClient({ apiKey: KEY, userData: { id: 'alice' }, tokenOrProvider: created().devToken('alice'), options: { baseURL: location.origin } });
  return null;
}

function Inbox() {
  React.useEffect(() => {
    const client = created();
    client.connectUser({ id: asked.get('second') ?? 'alice' }, client.devToken(asked.get('second') ?? 'alice'));
    return () => { client.disconnectUser(); };
  }, []);
  return null;
}

const PARTS = { Ticker, CleanTicker, Chat, LeakyChat, HookChat, Inbox };
const parts = asked.get('parts').split(',').map((name, n) => React.createElement(PARTS[name], { key: n }));
const app = asked.has('strict') ? <React.StrictMode>{parts}</React.StrictMode> : <>{parts}</>;
const root = createRoot(document.getElementById('root'));
root.render(app);
if (asked.has('remount')) { // a quick change of route: gone before its connection is up, and back
  setTimeout(() => root.render(<></>), 700);
  setTimeout(() => root.render(app), 1200);
}
