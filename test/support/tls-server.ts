import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { removeFolder, temporaryFolder } from './leftovers.js';

/** A certificate that only itself has signed, for one name such as `IP:127.0.0.1`, in a folder of the caller's. */
export function makeCertificate(
  folder: string,
  name: string,
): { readonly keyFile: string; readonly certFile: string; readonly key: string; readonly cert: string } {
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')] as const;
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${name}`];
  execFileSync('openssl', [...made, '-keyout', keyFile, '-out', certFile, ...subject], { stdio: 'ignore' });
  return { keyFile, certFile, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
}

/** A port that speaks TLS, with a certificate that nobody has signed, before a plain one. Close it with `close`. */
export async function startTlsFront(port: number): Promise<{ readonly port: number; close(): void }> {
  const folder = temporaryFolder('tls-test');
  const { key, cert } = makeCertificate(folder, 'IP:127.0.0.1');
  const server: Server = createServer({ key, cert }, (near) => {
    const far = connect(port, '127.0.0.1');
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  removeFolder(folder);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
