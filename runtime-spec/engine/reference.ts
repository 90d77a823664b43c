/** `npm run reference`: prints the reference of the whole runtime, from its metadata, as Markdown. */
import '../frame/native/install.ts'
import { buildMetadata, reference } from '../frame/metadata/index.ts'
import { apis } from '../runtime/apis.ts'
import { executive, extensions } from '../runtime/index.ts'

process.stdout.write(reference(buildMetadata({ executive, extensions, apis }).model))
