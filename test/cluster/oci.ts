import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { answer } from './commands.ts';

/** An image of one layer, made from files of this machine. */
export interface PlainImage {
  /** Repository and tag. */
  readonly name: string;
  readonly entrypoint?: readonly string[];
  /** Path in the image: file here. */
  readonly files: Readonly<Record<string, string>>;
  /** Path in the image: where the link leads. */
  readonly links?: Readonly<Record<string, string>>;
}

/** Makes an image as an archive that `ctr images import` takes, without a registry. */
export async function writeImage(image: PlainImage, archive: string): Promise<void> {
  mkdirSync(dirname(archive), { recursive: true });
  const work = mkdtempSync(`${archive}-`);
  try {
    const tree = join(work, 'tree');
    for (const [path, file] of Object.entries({ ...image.files })) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      cpSync(file, join(tree, path), { dereference: true });
    }
    for (const [path, target] of Object.entries(image.links ?? {})) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      symlinkSync(target, join(tree, path));
    }
    mkdirSync(join(tree, 'tmp'));
    await pack(tree, join(work, 'layer.tar'));
    const layout = join(work, 'layout');
    writeLayout(layout, image, readFileSync(join(work, 'layer.tar')));
    await pack(layout, join(work, 'image.tar'));
    renameSync(join(work, 'image.tar'), archive);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function writeLayout(layout: string, { name, entrypoint }: PlainImage, layer: Buffer): void {
  const blobs = join(layout, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const blob = (content: Buffer | object) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const hash = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(blobs, hash), bytes);
    return { digest: `sha256:${hash}`, size: bytes.length };
  };
  const content = blob(layer);
  const config = blob({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], ...(entrypoint && { Entrypoint: entrypoint }) },
    rootfs: { type: 'layers', diff_ids: [content.digest] },
  });
  const type = 'application/vnd.oci.image';
  const manifest = blob({
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config: { mediaType: `${type}.config.v1+json`, ...config },
    layers: [{ mediaType: `${type}.layer.v1.tar`, ...content }],
  });
  const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name };
  const entry = { mediaType: `${type}.manifest.v1+json`, ...manifest, annotations };
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

async function pack(folder: string, archive: string): Promise<void> {
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  await answer('tar', [...same, '--create', `--file=${archive}`, `--directory=${folder}`, '.']);
}
